import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { getCompileCacheDir } from 'node:module'
import { basename, join } from 'node:path'
import { getHeapCodeStatistics } from 'node:v8'
import { Script } from 'node:vm'
import { threadId } from 'node:worker_threads'
import { crc32 } from 'node:zlib'

/** Before the code: checksum and length of the source, checksum of the code, and all of the process's bytecode in KiB. */
const headerBytes = 16
/** Saved code is replaced when a process has compiled this many times what the one that saved it had. */
const growth = 1.1

/**
 * Runs a classic script and returns its value. Unlike an ES module in Node's compile cache, which holds only functions
 * that were compiled while the module loaded, a script's code is saved when the process ends: with every function that
 * it has called. The next process parses none of them again. Without a compile cache, nothing is saved. A script can't
 * import modules by itself.
 * @param use different uses of a script call different functions, so each has its own saved code
 */
export function runScript(file: string, use = ''): unknown {
  const bytes = readFileSync(file)
  const source = bytes.toString('utf8')
  const folder = getCompileCacheDir()
  if (folder === undefined) return new Script(source, { filename: file }).runInThisContext()
  const saved = join(folder, `${basename(file)}${use === '' ? '' : `-${use}`}.code`)
  const sourceSum = crc32(bytes)
  const known = readSaved(saved, sourceSum, bytes.length)
  const script = new Script(source, { filename: file, ...(known === null ? {} : { cachedData: known.code }) })
  const before = script.cachedDataRejected === true ? 0 : (known?.bytecodeKib ?? 0)
  process.once('exit', code => {
    if (code <= 1 && bytecodeKib() > before * growth) save(saved, sourceSum, bytes.length, script)
  })
  return script.runInThisContext()
}

let atEndKib: number | null = null

/** All bytecode of the process at its end. Taken once for all scripts, because it takes 4 ms. */
function bytecodeKib(): number {
  atEndKib ??= Math.round(getHeapCodeStatistics().bytecode_and_metadata_size / 1024)
  return atEndKib
}

/** Saved code of exactly this source; null without any. V8 itself compares only the length. */
function readSaved(
  file: string,
  sourceSum: number,
  length: number,
): { readonly code: Buffer; readonly bytecodeKib: number } | null {
  try {
    const bytes = readFileSync(file)
    const code = bytes.subarray(headerBytes)
    const isOwn = bytes.readUInt32LE(0) === sourceSum && bytes.readUInt32LE(4) === length
    if (!isOwn || bytes.readUInt32LE(8) !== crc32(code)) return null
    return { code, bytecodeKib: bytes.readUInt32LE(12) }
  } catch {
    return null
  }
}

/** Another process may read or write the file at the same time. A failure is ignored. */
function save(file: string, sourceSum: number, length: number, script: Script): void {
  try {
    const code = script.createCachedData()
    const header = Buffer.alloc(headerBytes)
    for (const [index, value] of [sourceSum, length, crc32(code), bytecodeKib()].entries())
      header.writeUInt32LE(value, 4 * index)
    const half = `${file}.${process.pid}-${threadId}`
    writeFileSync(half, Buffer.concat([header, code]))
    renameSync(half, file)
  } catch {}
}
