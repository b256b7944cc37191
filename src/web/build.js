// What `dotnet build` runs: brings the packages up to the lock, builds the page when its sources have changed, and leaves it, packed
// with gzip, in artifacts/web/page, from where it goes into the server. Several builds may run it at the same time. `node build.js packages`
// stops at the packages.
//
// Exit codes: 0 when the page is up to date; 3 when it can't be built on this machine, and one line of standard output says why; any
// other when something is wrong with the page. Written so that Node.js as old as 12 gets as far as being told that it is too old.
import { spawnSync } from 'child_process'
import { createHash } from 'crypto'
import fs from 'fs'
import path from 'path'
import process from 'process'
import { fileURLToPath } from 'url'
import { gzipSync } from 'zlib'

const cannot = 3
const web = path.dirname(fileURLToPath(import.meta.url))
const artifacts = path.join(web, '..', '..', 'artifacts', 'web')
const page = path.join(artifacts, 'page')
const built = path.join(artifacts, 'built')
const stamp = path.join(artifacts, 'stamp')
const lock = path.join(artifacts, 'lock')

class Cannot extends Error {}

function main() {
  requireNode()
  fs.mkdirSync(artifacts, { recursive: true })
  takeLock()
  try {
    if (process.argv[2] === 'packages') bringPackages()
    else build()
  } finally {
    fs.rmSync(lock, { force: true })
  }
}

function build() {
  const state = hashOfSources()
  if (fs.existsSync(path.join(page, 'index.html.gz')) && textOf(stamp) === state) return
  fs.rmSync(stamp, { force: true })
  bringPackages()
  run(process.execPath, ['node_modules/vite/bin/vite.js', 'build', '--outDir', built, '--emptyOutDir'])
  pack()
  fs.writeFileSync(stamp, state)
}

/** package.json names the versions: several of ^A.B.C or >=A.B.C, either of which will do. */
function requireNode() {
  const wanted = json('package.json').engines.node
  const [major, minor] = process.versions.node.split('.').map(Number)
  const fits = wanted.split('||').some((range) => {
    const [, sign, least, second] = /^\s*(\^|>=)(\d+)\.(\d+)/.exec(range)
    if (major === Number(least)) return minor >= Number(second)
    return sign === '>=' && major > Number(least)
  })
  if (!fits) throw new Cannot(`Node.js ${process.versions.node} is too old (it wants ${wanted})`)
}

/** One build at a time. A lock whose holder is gone is nobody's. */
function takeLock() {
  for (;;) {
    try {
      fs.writeFileSync(lock, String(process.pid), { flag: 'wx' })
      return
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    const holder = Number(textOf(lock))
    if (holder > 0 && !isRunning(holder)) fs.rmSync(lock, { force: true })
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** What the page is made of: names and contents of all that is not a test. */
function hashOfSources() {
  const hash = createHash('sha256')
  for (const file of filesIn(web)) {
    if (file.startsWith('node_modules') || file.endsWith('.test.ts')) continue
    const content = fs.readFileSync(path.join(web, file))
    hash.update(`${file}\n${content.length}\n`).update(content)
  }
  return hash.digest('hex')
}

/** npm writes down what it has installed in the form of the lock. What is left out of that is for other systems. */
function packagesFitLock() {
  const installed = textOf(path.join(web, 'node_modules', '.package-lock.json'))
  if (installed === null) return false
  const there = JSON.parse(installed).packages
  return Object.entries(json('package-lock.json').packages).every(([name, wanted]) => {
    const found = there[name]
    return name === '' || (found ? found.version === wanted.version : wanted.optional === true)
  })
}

function bringPackages() {
  if (packagesFitLock()) return
  const flags = ['ci', '--no-audit', '--no-fund', '--prefer-offline', '--fetch-retries=1', '--fetch-retry-mintimeout=1000']
  const { error, status, stderr } = spawn('npm', flags, { shell: process.platform === 'win32' })
  if (error && error.code === 'ENOENT') throw new Cannot('npm is not installed')
  if (status === 0) return
  const code = (/npm (?:error|ERR!) code (\S+)/.exec(stderr) || [])[1] || `exit code ${status}`
  // The lock and package.json contradict each other: that is nobody's network.
  if (code === 'EUSAGE') throw new Error(stderr)
  throw new Cannot(`npm cannot install the packages it is built with (${code})`)
}

/** Puts the page in the place of the last one. The server takes no other form; clients that can't read it are few. */
function pack() {
  const fresh = `${page}.new`
  fs.rmSync(fresh, { recursive: true, force: true })
  for (const file of filesIn(built)) {
    const packed = path.join(fresh, `${file}.gz`)
    fs.mkdirSync(path.dirname(packed), { recursive: true })
    fs.writeFileSync(packed, gzipSync(fs.readFileSync(path.join(built, file)), { level: 9 }))
  }
  fs.rmSync(page, { recursive: true, force: true })
  fs.renameSync(fresh, page)
}

function run(command, flags) {
  const { error, status, stdout, stderr } = spawn(command, flags, {})
  if (status !== 0) throw new Error(`${stdout}${stderr}${error ? error.message : ''}`)
}

function spawn(command, flags, options) {
  return spawnSync(command, flags, { cwd: web, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, ...options })
}

/** Paths of all files beneath a directory, relative to it, in one order everywhere. */
function filesIn(directory, prefix = '') {
  return fs
    .readdirSync(path.join(directory, prefix), { withFileTypes: true })
    .filter((entry) => entry.name !== 'node_modules')
    .flatMap((entry) =>
      entry.isDirectory() ? filesIn(directory, path.join(prefix, entry.name)) : [path.join(prefix, entry.name)],
    )
    .sort()
}

function json(file) {
  return JSON.parse(fs.readFileSync(path.join(web, file), 'utf8'))
}

function textOf(file) {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT') return null
    throw error
  }
}

try {
  main()
} catch (error) {
  console.log(error.message)
  process.exitCode = error instanceof Cannot ? cannot : 1
}
