  // why: output without end
  // status: output_limit
  // reference: failed
  while (true) require('fs').writeSync(1, 'x'.repeat(4000))
}
