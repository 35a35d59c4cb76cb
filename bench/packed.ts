import { rmSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, realpath, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'

/**
 * Packs a checkout as `npm pack` does and unpacks it beside the checkout's packages, as `npm install` lays them out. A
 * checkout runs its sources, but users run the package. The folder is deleted when this process ends.
 * @returns its bin/fulcrum.js
 */
export async function packedFulcrum(checkout: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fulcrum-packed-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  await execa('npm', ['pack', '--pack-destination', folder], { cwd: checkout })
  const tarball = (await readdir(folder)).find(name => name.endsWith('.tgz')) ?? ''
  const own = join(folder, 'node_modules/fulcrum')
  await mkdir(own, { recursive: true })
  await execa('tar', ['xzf', join(folder, tarball), '-C', own, '--strip-components', '1'])
  const packages = join(checkout, 'node_modules')
  for (const name of await readdir(packages))
    await symlink(await realpath(join(packages, name)), join(folder, 'node_modules', name))
  return join(own, 'bin/fulcrum.js')
}
