import { inflateRawSync } from 'node:zlib'

/** A NumPy array of doubles in C order. */
export interface NpyArray {
  readonly shape: readonly number[]
  readonly values: Float64Array
}

/** Files of a zip archive, by its central directory (APPNOTE 4.3.12); stored and deflated entries. */
function unzip(archive: Buffer): Map<string, Buffer> {
  const end = archive.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'))
  if (end < 0) throw new Error('not a zip archive: no end of central directory')
  const files = new Map<string, Buffer>()
  let at = archive.readUInt32LE(end + 16)
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    const method = archive.readUInt16LE(at + 10)
    const packed = archive.readUInt32LE(at + 20)
    const nameLength = archive.readUInt16LE(at + 28)
    const name = archive.toString('utf8', at + 46, at + 46 + nameLength)
    const local = archive.readUInt32LE(at + 42)
    const data = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28)
    const bytes = archive.subarray(data, data + packed)
    if (method !== 0 && method !== 8) throw new Error(`${name}: zip method ${method} is not supported`)
    files.set(name, method === 8 ? inflateRawSync(bytes) : bytes)
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32)
  }
  return files
}

/** One `.npy` file (format 1.0–3.0) of little-endian doubles in C order. */
function parseNpy(name: string, file: Buffer): NpyArray {
  if (file.toString('latin1', 0, 6) !== '\x93NUMPY') throw new Error(`${name}: not a NumPy file`)
  const long = (file[6] ?? 1) > 1
  const start = long ? 12 : 10
  const length = long ? file.readUInt32LE(8) : file.readUInt16LE(8)
  const header = file.toString('latin1', start, start + length)
  if (!header.includes("'descr': '<f8'") || !header.includes("'fortran_order': False"))
    throw new Error(`${name}: only little-endian doubles in C order are read, this is ${header.trim()}`)
  const shape = [...(/'shape': \(([^)]*)\)/.exec(header)?.[1] ?? '').matchAll(/\d+/g)].map(Number)
  const count = shape.reduce((product, size) => product * size, 1)
  const values = new Float64Array(count)
  for (let index = 0; index < count; index++) values[index] = file.readDoubleLE(start + length + index * 8)
  return { shape, values }
}

/** The arrays of a NumPy `.npz` archive by name. */
export function parseNpz(archive: Buffer): Map<string, NpyArray> {
  return new Map([...unzip(archive)].map(([name, file]) => [name.replace(/\.npy$/, ''), parseNpy(name, file)]))
}
