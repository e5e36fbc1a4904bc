// Preloaded (`node --import`) into a process that must not outlive the one that started it.
// The starter holds the other end of a pipe; when the starter dies, even by SIGKILL, the pipe reports its end.
import { Socket } from 'node:net'

const graceMs = 10_000
const fd = Number(process.env.QUARTERDECK_TETHER_FD)
// Children of this process have no such descriptor, so they must not believe they do.
delete process.env.QUARTERDECK_TETHER_FD

if (Number.isInteger(fd) && fd > 2) hold(fd)

/** @param {number} descriptor */
function hold(descriptor) {
  const pipe = new Socket({ fd: descriptor, readable: true, writable: false })
  pipe.on('error', released)
  pipe.on('close', released)
  pipe.resume()
  pipe.unref()
}

/** A program with its own SIGTERM handler stops its children in its own order; otherwise the whole group is told. */
function released() {
  // What such a program forgets is told when it ends.
  process.on('exit', () => signal(-process.pid, 'SIGTERM'))
  signal(process.listenerCount('SIGTERM') > 0 ? process.pid : -process.pid, 'SIGTERM')
  setTimeout(() => {
    signal(-process.pid, 'SIGKILL')
    signal(process.pid, 'SIGKILL')
  }, graceMs).unref()
}

/** @param {number} target @param {NodeJS.Signals} name */
function signal(target, name) {
  try {
    process.kill(target, name)
  } catch (error) {
    // ESRCH: this process leads no group of its own (Windows), so only it can be told.
    if (error.code !== 'ESRCH') throw error
    if (target < 0) process.kill(process.pid, name)
  }
}
