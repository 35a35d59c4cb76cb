import { crc32 } from 'node:zlib'

/**
 * An `.npz` file as `numpy.savez` writes it: an uncompressed zip archive of `.npy` files (NumPy format 1.0), each a
 * one-dimensional array of little-endian doubles. Deterministic.
 */
export function npz(arrays: { readonly [name: string]: readonly number[] }): Uint8Array {
  const files = Object.entries(arrays).map(([name, values]) => ({ name: `${name}.npy`, content: npy(values) }))
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  for (const { name, content } of files) {
    const header = Buffer.alloc(30)
    header.writeUInt32LE(0x04034b50, 0)
    fields(name, content).copy(header, 4)
    const entry = Buffer.alloc(46)
    entry.writeUInt32LE(0x02014b50, 0)
    entry.writeUInt16LE(20, 4)
    fields(name, content).copy(entry, 6)
    entry.writeUInt32LE(at, 42)
    const local = Buffer.concat([header, Buffer.from(name, 'latin1'), content])
    parts.push(local)
    directory.push(entry, Buffer.from(name, 'latin1'))
    at += local.length
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(files.length, 8)
  end.writeUInt16LE(files.length, 10)
  end.writeUInt32LE(size, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...parts, ...directory, end])
}

/** Fields that the local header and the central directory share (APPNOTE 4.3.7): version to lengths. */
function fields(name: string, content: Buffer): Buffer {
  const said = Buffer.alloc(26)
  said.writeUInt16LE(20, 0)
  // 1980-01-01, the earliest date of the zip format.
  said.writeUInt16LE(0x21, 8)
  said.writeUInt32LE(crc32(content), 10)
  said.writeUInt32LE(content.length, 14)
  said.writeUInt32LE(content.length, 18)
  said.writeUInt16LE(name.length, 22)
  return said
}

function npy(values: readonly number[]): Buffer {
  const about = `{'descr': '<f8', 'fortran_order': False, 'shape': (${values.length},), }`
  // Magic, version and length take 10 bytes; the data begins at a multiple of 64.
  const padded = `${about.padEnd(Math.ceil((about.length + 11) / 64) * 64 - 11)}\n`
  const head = Buffer.alloc(10)
  head.write('\x93NUMPY\x01\x00', 'latin1')
  head.writeUInt16LE(padded.length, 8)
  return Buffer.concat([head, Buffer.from(padded, 'latin1'), Buffer.from(new Float64Array(values).buffer)])
}
