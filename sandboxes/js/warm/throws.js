// A wrong answer: the error that nobody catches.
const second = (items) => items[1].length
const testSecond = () => {
  console.assert(second(['a', 'bc']) === 2)
  console.assert(second([]) === 0)
}

testSecond()
