'use strict'
// Runs one program as `node main.js` would and, once its tests have returned, proves it to the harness.
//
// Used as `node loader.js main.js`, or as `node-zygote loader.js main.js`: then it prepares once, and goes on in a new
// process for each program (see zygote.js).
//
// Descriptor 3 carries one line, a secret, before the program starts. console.assert prints as ever, but cannot be
// replaced, and its calls are counted. When the script has returned and the event loop has run dry, the line
// "<secret> <assertions> <failed assertions>" goes back. process.exit, uncaught errors and unhandled rejections send
// nothing, and neither does a program none of whose assertions ran.
//
// Node marks descriptors 3 to 15 close-on-exec when it starts, so the program's children do not have this one.

const fs = require('fs')
const Module = require('module')
const path = require('path')
const vm = require('vm')

const MARKER = 3
const EXIT_COMPILE = 102

// Everything that runs after the program is taken before it: a program may replace what it can reach.
const { readSync, writeSync, readFileSync } = fs
const line = Buffer.alloc(160)
// No getter of the program's may be handed the line when it is written, nor a function that it puts in the place of
// node's own.
Object.setPrototypeOf(Object.defineProperty(line, 'byteLength', { value: line.byteLength }), null)
Object.defineProperty(process.binding('fs'), 'writeBuffer', { writable: false, configurable: false })

function readSecret() {
  try {
    for (let length = 0; length < 100; ) {
      const size = readSync(MARKER, line, length, 100 - length, null)
      if (size === 0) return 0
      length += size
      if (line[length - 1] === 10) return length - 1
    }
  } catch {
    // no marker descriptor: the program runs without proof
  }
  return 0
}

// Appends " <number>" to the line by plain element stores, which a program cannot intercept.
function append(length, number) {
  line[length++] = 32
  let unit = 1
  while (unit * 10 <= number) unit *= 10
  for (; unit >= 1; unit /= 10) {
    const digit = (number / unit) | 0
    line[length++] = 48 + digit
    number -= digit * unit
  }
  return length
}

function countAssertions(count) {
  const print = console.assert
  const assert = (condition, ...rest) => {
    count.made++
    if (!condition) {
      count.failed++
      print(condition, ...rest)
    }
  }
  Object.defineProperty(console, 'assert', { value: assert, writable: false, configurable: false, enumerable: true })
  Object.defineProperty(globalThis, 'console', { value: console, writable: false, configurable: false })
}

// A script may return before its tests. It gets a last statement that returns what it cannot know, to be compared here.
function runToItsEnd(file) {
  const end = `${process.hrtime.bigint()}`
  const compile = Module.prototype._compile
  let reached
  Module.prototype._compile = function (content, name) {
    Module.prototype._compile = compile
    reached = compile.call(this, `${content}\n;return '${end}'`, name)
  }
  Module._load(file, null, true)
  return reached === end
}

function compiles(file) {
  try {
    new vm.Script(Module.wrap(readFileSync(file, 'utf8')))
    return true
  } catch {
    return false
  }
}

// Goes on from the secret, which is the line's first part.
function tell(secretLength) {
  let length = append(append(secretLength, count.made), count.failed)
  line[length++] = 10
  writeSync(MARKER, line, 0, length, null)
}

const count = { made: 0, failed: 0 }
let returned = false
let left = true
let told = false

const { zygote } = globalThis // node-zygote has it
delete globalThis.zygote
if (zygote !== undefined) process.execPath = process.argv[0] = '/usr/bin/node' // whose engine it is

process.env.NODE_PATH = path.join(__dirname, 'prepared', 'node_modules') // made by prepare.sh
Module._initPaths()
delete process.env.NODE_PATH
delete require.cache[__filename]
countAssertions(count)

if (zygote !== undefined) {
  require('./zygote.js')(zygote, { compiles, readSecret, runToItsEnd, tell })
  count.made = count.failed = 0
}

const file = path.resolve(process.argv[2])
const secretLength = readSecret()
process.argv = [process.argv[0], file]

process.on('beforeExit', () => {
  if (!returned || told || secretLength === 0 || count.made === 0) return
  told = true
  tell(secretLength)
})

// No catch: node prints an uncaught error with the place where it was first thrown.
try {
  returned = runToItsEnd(file)
  left = false
} finally {
  // Set this late, because node sets 1 itself before it runs the exit listeners.
  if (left && !compiles(file)) process.on('exit', () => { process.exitCode = EXIT_COMPILE })
}
