  // why: the program is the main module, and the loader is out of sight
  // status: passed
  // reference: passed
  // flags: reads_source
  return require.main === module && process.argv.length === 2 && process.argv[1] === __filename ? a + b : 0
}
