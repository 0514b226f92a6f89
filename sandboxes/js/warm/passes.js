// What a right answer and its test do, more or less.
/*
  Return the words of a text that are longer than n, each once, the longest first.
  >>> longWords('ab abc abcd abc', 2)
  ['abcd', 'abc']
  */
const longWords = (text, n) => {
  const counts = new Map()
  for (const word of text.split(/[\s,]+/)) {
    if (word.length > n) counts.set(word, (counts.get(word) || 0) + 1)
  }
  return Array.from(counts.keys()).sort((a, b) => b.length - a.length || (a < b ? -1 : 1))
}

function digits(number) {
  let sum = 0
  for (const digit of String(Math.abs(number))) sum += parseInt(digit)
  return number < 0 ? -sum : sum
}

const testLongWords = () => {
  console.assert(JSON.stringify(longWords('ab abc abcd abc', 2)) === JSON.stringify(['abcd', 'abc']))
  console.assert(JSON.stringify(longWords('', 1)) === JSON.stringify([]))
  console.assert(digits(-123) === -6)
  console.assert([5, 3, 8].map((x) => Math.floor(x / 2)).filter((x) => x % 2 === 0).reduce((a, b) => a + b, 0) === 6)
  console.assert(Math.abs(parseFloat('3.14') - Number('3.14')) < 1e-6)
  console.assert('abc'.toUpperCase().split('').reverse().join('') === 'CBA' && 'a-b'.replace(/-/g, '') === 'ab')
  console.assert(JSON.stringify({ a: [1, 2.5, null, 'x'], b: true }) === '{"a":[1,2.5,null,"x"],"b":true}')
}

testLongWords()
