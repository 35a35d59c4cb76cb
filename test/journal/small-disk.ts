import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'

/** A real file system that is small and can be made read-only, mounted for one test. */
export interface SmallDisk extends AsyncDisposable {
  readonly path: string
  makeReadOnly(): Promise<void>
  makeWritable(kib: number): Promise<void>
}

/** Mounts a tmpfs; null where this process may not mount, and then the test says so. */
export async function smallDisk(kib: number): Promise<SmallDisk | null> {
  const path = await mkdtemp(join(tmpdir(), 'fulcrum-disk-'))
  const mount = (options: string) =>
    execa('mount', ['-t', 'tmpfs', '-o', options, 'fulcrum-test', path], { reject: false })
  if ((await mount(`size=${kib}k`)).failed) {
    await rm(path, { recursive: true })
    return null
  }
  return {
    path,
    makeReadOnly: async () => void (await mount('remount,ro')),
    makeWritable: async size => void (await mount(`remount,rw,size=${size}k`)),
    async [Symbol.asyncDispose]() {
      await execa('umount', [path])
      await rm(path, { recursive: true })
    },
  }
}

export const cannotMount = 'mounting a tmpfs is not allowed here'
