  // why: output in UTF-8, and bytes that are none
  // status: passed
  // reference: failed
  console.log('größer, 日本語, 🙂')
  process.stdout.write(Buffer.from([0xff, 0xfe, 0, 10]))
  return a + b
}
