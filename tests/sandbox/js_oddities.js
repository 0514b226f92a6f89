// Programs at node's edges, for test_fast_js.py. A line "//// fast: name" begins one that the fast way must judge
// itself, showing what the plain way shows; "//// plain: name" one that it must leave to the plain way.
//// fast: its arguments and names
console.log(process.argv, process.execArgv, process.argv0, process.execPath, process.title, process.exitCode)
//// fast: its id
console.log(Number(require('fs').readlinkSync('/pro' + 'c/self')) === process.pid)
//// fast: what process has
for (const name of Object.getOwnPropertyNames(process).sort()) {
  const { value, ...rest } = Object.getOwnPropertyDescriptor(process, name)
  console.log(name, typeof value, Object.entries(rest).map(([key, flag]) => key + typeof flag + (flag === true)))
}
//// fast: what is global
console.log(Reflect.ownKeys(globalThis), Object.keys(globalThis), typeof zygote)
//// fast: its module
console.log(require.main === module, process.mainModule === module, module, Object.keys(require.cache))
console.log(require('module').globalPaths, Object.keys(require('module')._pathCache))
//// fast: its environment
console.log(process.env, process.cwd(), process.umask(), process.getuid(), process.getgroups(), require('os').homedir())
//// fast: its listeners
console.log(process.eventNames().map((name) => [name, process.listenerCount(name)]))
//// fast: its streams
for (const { isTTY, constructor, fd, _type } of [process.stdin, process.stdout, process.stderr]) {
  console.log(isTTY, constructor.name, fd, _type)
}
//// fast: an unhandled rejection
Promise.reject(new Error('no'))
//// fast: a number as an unhandled rejection
Promise.reject(5)
//// fast: a rejection handled too late
const late = Promise.reject(new Error('no'))
setTimeout(() => late.catch(() => {}), 0)
//// fast: throws null
throw null
//// fast: throws an object
throw { a: 1, toString () { return 'x' } }
//// fast: throws with a cause
throw new Error('outer', { cause: new Error('inner') })
//// fast: throws in a tick
process.nextTick(() => { throw new TypeError('tick') })
//// fast: throws in a timer
setTimeout(() => { throw new TypeError('timer') }, 1)
//// fast: throws in a microtask
Promise.resolve().then(() => { throw new TypeError('microtask') })
//// fast: catches what nobody has caught
process.on('uncaughtException', (error, origin) => { console.log(error.message, origin); process.exit(4) })
throw new Error('seen')
//// fast: captures what nobody has caught
process.setUncaughtExceptionCaptureCallback((error) => console.log('caught', error.message))
throw new Error('seen')
//// fast: exits in its exit
process.on('exit', () => process.exit(9))
//// fast: an exit code
process.exitCode = 3
//// fast: goes on before its exit
process.on('beforeExit', () => { if (!globalThis.again) setTimeout(() => console.log('again'), globalThis.again = 1) })
//// fast: the order of what comes later
const done = []
setTimeout(() => { done.push('late'); console.log(done) }, 300)
setTimeout(() => done.push('early'), 1)
process.nextTick(() => done.push('tick'))
Promise.resolve().then(() => done.push('promise'))
queueMicrotask(() => done.push('microtask'))
done.push('now')
//// fast: a timer takes its time
const start = Date.now()
setTimeout(() => console.log(Date.now() - start >= 198), 200)
//// fast: stdin is empty
console.log(require('fs').readFileSync(0, 'utf8').length)
process.stdin.on('data', console.log).on('end', () => console.log('end'))
//// fast: the thread pool
const { promises, writeFileSync } = require('fs')
writeFileSync('file', 'text')
promises.readFile('file', 'utf8').then(console.log).then(() => {
  require('crypto').pbkdf2('a', 'b', 10, 8, 'sha1', (_, key) => {
    console.log(key)
    require('zlib').deflate('aaaa', (_, bytes) => console.log(bytes))
  })
})
//// fast: a child
const { execFileSync, fork } = require('child_' + 'process')
if (process.argv[2] === 'child') {
  process.send(process.argv)
  process.disconnect()
} else {
  console.log(String(execFileSync('sh', ['-c', 'node -p 1+1; umask; ulimit -a; echo 3<&3'])))
  fork(__filename, ['child']).on('message', (words) => console.log(words)).on('exit', console.log)
}
//// fast: handles a signal
const timer = setTimeout(() => {}, 5000)
process.on('SIGINT', () => clearTimeout(timer))
process['ki' + 'll'](process.pid, 'SIGINT')
//// fast: catches the overflow of its stack
const deeper = () => deeper() + 1
try { deeper() } catch (error) { console.log(error instanceof RangeError) }
//// fast: as deep as the plain way
const down = (levels) => levels === 0 ? 0 : 1 + down(levels - 1)
console.log(down(7000))
//// fast: a module's syntax
import fs from 'fs'
//// fast: await at the top
const a = await 5
//// fast: imports
import('fs').then((module) => console.log(typeof module.readFileSync))
//// fast: imports a module of its own
require('fs').writeFileSync('own.mjs', 'export default 7')
import('./own.mjs').then((module) => console.log(module.default)).then(() => import('./none.mjs')).catch(console.log)
//// fast: a hash and a bang
#!/usr/bin/env node
console.log(1)
//// fast: returns
console.log(1)
return
//// fast: a hidden line
<!-- console.log(0)
console.log(1)
//// fast: unfinished
const text = `
//// fast: code of text
console.log(new Function('a', 'return a + 1')(1), require('vm').runInNewContext('typeof console'))
eval('a +')
//// fast: requires what is not there
require('lodash')
//// fast: requires itself
console.log(require('./main.js') === module.exports, require('./main') === exports)
//// fast: requires bad data
require('fs').writeFileSync('data.json', '{"a":1')
require('./data.json')
//// fast: requires js-md5
console.log(require('js-md5')('abc'), require.resolve('js-md5'))
//// fast: a package of its own
require('fs').writeFileSync('package.json', '{"type":"module"}')
require('fs').writeFileSync('other.js', 'export default 1')
require('./other.js')
//// fast: goes elsewhere
require('fs').mkdirSync('below')
process.chdir('below')
require('fs').writeFileSync('there.js', 'module.exports = 3')
console.log(process.cwd(), require('path').resolve('x'), require('/tmp/sample/below/there.js'))
//// fast: many ways to print
console.table([{ a: 1, b: 2 }])
console.trace('here')
console.group('group')
console.dir({ a: { b: { c: {} } } })
console.count()
console.assert(false, 'why %d', 5)
//// fast: failed assertions of objects
console.assert(false, { a: 1 }, [1, 2])
console.assert(0)
//// fast: prints all kinds
console.log(new Map([[1, { a: [] }]]), new Set('ab'), class A {}, Symbol('x'), 10n, new Date(0), /x/g, [, 1], -0)
console.log(console)
//// fast: a stack
console.log(new Error('here').stack)
setTimeout(function later () { console.log(new Error('later').stack) }, 1)
//// fast: a stack across awaits
const inner = async () => { await 1; throw new Error('inner') }
const outer = async () => { await inner() }
outer().catch((error) => console.log(error.stack))
//// fast: a stack of its own making
console.log(Error.stackTraceLimit, typeof Error.prepareStackTrace)
Error.prepareStackTrace = (_, sites) => sites.map((site) => site.getFileName())
console.log(new Error('here').stack)
//// fast: its locale and zone
console.log((1234567.891).toLocaleString(), String(new Date(0)), new Date(1e12).toLocaleDateString('de'))
console.log(Intl.DateTimeFormat().resolvedOptions(), 'ä'.localeCompare('z'))
//// fast: warnings
process.emitWarning('careful')
new Buffer(5)
for (let i = 0; i < 12; i++) process.on('often', () => {})
//// fast: much output
process.stdout.write('x'.repeat(300000), () => console.log('written'))
//// fast: text and bytes
console.log('größer 日本語 🙂', '\ud800')
process.stdout.write(Buffer.from([255, 254, 10]))
//// fast: closes its stdout
require('fs').closeSync(1)
console.log('lost')
console.error('seen')
//// fast: closes its stderr
require('fs').closeSync(2)
console.assert(false)
//// fast: closes descriptor 3
require('fs').closeSync(3)
//// fast: different depths are not equal
require('assert').deepStrictEqual({ a: [1, 2, 3] }, { a: [1, 2, 4] })
//// fast: a stated reason
require('assert').strict(1 === 2, 'a reason')
//// fast: asks the assertion's own text
require('assert')(1 === 2)
//// fast: what browsers have
const { port1, port2 } = new MessageChannel()
port2.onmessage = ({ data }) => { console.log(data); port2.close() }
port1.postMessage(structuredClone(new Map([[1, 2]])))
//// fast: damages what all use
Array.prototype.push = String.prototype.split = Function.prototype.call = null
//// fast: freezes what all use
Object.freeze(Array.prototype)
Object.freeze(Object.prototype)
console.log([1, 2].map((number) => number + 1))
//// fast: sloppy
undeclared = 5
console.log(this === module.exports, 010, (function () { return this === globalThis })())
with ({ inside: 1 }) console.log(inside)
//// fast: a socket in its folder
const { connect, createServer } = require('net')
const server = createServer((socket) => { socket.end('hello'); server.close() })
server.listen('/tmp/sample/socket', () => connect('/tmp/sample/socket').on('data', (data) => console.log(String(data))))
//// fast: lines of nothing
const lines = require('readline').createInterface({ input: process.stdin })
lines.on('line', console.log).on('close', () => console.log('closed'))
//// fast: too long
'x'.repeat(2 ** 30)
//// fast: much memory
const rows = []
for (let i = 0; i < 200; i++) rows.push(new Array(100000).fill(i))
console.log(rows.length)
//// fast: generators
async function * numbers () { yield * [1, 2] }
(async () => { for await (const number of numbers()) console.log(number) })()
//// fast: compiled code
const assembly = globalThis['Web' + 'Assembly']
assembly.instantiate(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])).then(({ instance }) => console.log(instance))
//// plain: a worker
const { ['Wor' + 'ker']: Thread } = require('worker' + '_threads')
new Thread('console.log(1)', { eval: true })
//// plain: exits as node-zygote does
process.exit(103)
//// plain: exits as a failed child does
process.exit(125)
//// plain: aborts
process.abort()
//// plain: ends itself
process['ki' + 'll'](process.pid, 'SIGTERM')
//// plain: wakes the inspector
process['ki' + 'll'](process.pid, 'SIGUSR1')
setTimeout(() => {}, 20)
//// plain: overflows its stack
const deeper = () => deeper() + 1
deeper()
//// plain: looks at a clock
console.log(performance.now() < 5000)
//// plain: looks at its memory
console.log(process.memoryUsage().heapUsed < 10e6)
