'use strict'
// Makes node-zygote's process one in which a program finds what it finds in a new node; loader.js calls it.

const fs = require('fs')
const Module = require('module')
const { Socket } = require('net')
const path = require('path')

const WARM = path.join(__dirname, 'warm')
const ROUNDS = 8 // of warming up: more gain nothing
const STREAMS = ['stdout', 'stderr']
const OFTEN_REQUIRED = ['assert', 'crypto', 'events', 'string_decoder', 'tty', 'url', 'util']

// Has everything loaded and compiled that the loader and most programs use. Nothing here may draw a random number, nor
// use the real console and standard streams, which are opened at their first use and are the programs': a pipe stands
// in for them.
function warmUp(loader, [reading, writing]) {
  const stream = new Socket({ fd: writing, readable: false, writable: true })
  const print = new console.Console(stream)
  const printed = Buffer.alloc(65536)
  const real = STREAMS.map((name) => Object.getOwnPropertyDescriptor(process, name))
  for (const name of STREAMS) Object.defineProperty(process, name, { value: stream, configurable: true })
  for (const name of OFTEN_REQUIRED) require(name)
  const programs = fs.readdirSync(WARM).map((name) => path.join(WARM, name))
  for (let round = 0; round < ROUNDS; round++) {
    for (const program of programs) {
      try {
        loader.readSecret()
        loader.runToItsEnd(program)
      } catch (error) {
        print.log(error)
        loader.compiles(program)
      }
      print.assert(false)
      loader.tell(64)
      for (const name of Object.keys(require.cache)) delete require.cache[name]
    }
    if (fs.readSync(reading, printed) === printed.length) throw new Error('warming up prints too much')
  }
  stream.destroy()
  fs.closeSync(reading)
  process._tickCallback()
  // Not before: a stream that closes asks whether it is one of these, which would open them.
  STREAMS.forEach((name, index) => Object.defineProperty(process, name, real[index]))
  if (process._getActiveHandles().length > 1) throw new Error('warming up has opened a stream')
}

function forget() {
  delete process.mainModule
  process.chdir('/') // node remembers the working folder's name until it is changed
  for (const key of Object.keys(Module._pathCache)) if (!key.startsWith(process.argv[1])) delete Module._pathCache[key]
}

module.exports = function becomeFresh(zygote, loader) {
  if (zygote.version !== process.version) throw new Error(`built for ${zygote.version}, this is ${process.version}`)
  warmUp(loader, zygote.pipe)
  forget()
  process.title = process.argv0
  const pid = zygote.serve()
  Object.defineProperty(process, 'pid', { value: pid })
}
