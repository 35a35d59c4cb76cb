import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { temporaryFolder } from '../../cli/fulcrum.ts'

/** podman with a storage of its own, in which the base image is made of this machine's programs. */
export interface Podman extends AsyncDisposable {
  readonly folder: string
  /** podman and its global options. */
  readonly command: readonly [string, ...string[]]
  /** Options of `podman build`: the base made here, and what npm needs to reach its registry as on this machine. */
  readonly buildOptions: readonly string[]
  /** Options of `podman run` without which containers don't start here. */
  readonly runOptions: readonly string[]
  call(args: readonly string[], timeoutMs?: number): Promise<{ exitCode?: number; stdout: string; all: string }>
}

const unpacked = join(import.meta.dirname, '../../../.systems/podman/usr')
/** `npm run systems` unpacks podman and its libraries without installing them: here they lie over the machine's. */
const addUnpacked = existsSync(unpacked) ? `mount -t overlay overlay -o ro,lowerdir=${unpacked}:/usr /usr; ` : ''

/**
 * Opens podman with a base image of the given name, because there may be no registry to pull one from.
 * @returns the reason where podman is missing, or can't run that image
 */
export async function openPodman(base: string): Promise<Podman | string> {
  if (process.getuid?.() !== 0) return 'only root may run podman in any folder'
  const { failed } = await execa('podman', ['--version'], { reject: false, timeout: 30_000 })
  if (failed && !existsSync(unpacked)) return 'podman is neither installed nor in .systems'
  await using cleanup = new AsyncDisposableStack()
  const { path: folder } = cleanup.use(await temporaryFolder())
  // The user of the image has to reach mounted folders.
  await execa('chmod', ['755', folder])
  const policy = join(folder, '.config/containers')
  await mkdir(policy, { recursive: true })
  await writeFile(join(policy, 'policy.json'), '{ "default": [{ "type": "insecureAcceptAnything" }] }')
  const archive = join(folder, 'base.tar')
  try {
    await archiveBase(join(folder, 'base'), archive)
  } catch (error) {
    return `no base image can be made here: ${error instanceof Error ? error.message : error}`
  }
  const variables = await baseVariables()
  // What the Containerfile needs: npm and its registry in a build, Node in a container.
  const trial = join(folder, 'trial')
  await mkdir(trial)
  await writeFile(join(trial, 'Containerfile'), `FROM ${base}\nRUN npm view zod version --prefer-online\n`)
  const reasons: string[] = []
  for (const driver of ['overlay', 'vfs']) {
    const podman = podmanIn(folder, driver, base)
    const steps = [
      ['import', '--quiet', ...variables.map(variable => `--change=ENV ${variable}`), archive, base],
      ['build', '--quiet', ...podman.buildOptions, '--tag=localhost/trial', trial],
      ['run', ...podman.runOptions, '--read-only', 'localhost/trial', 'node', '--version'],
    ]
    let failure: string | null = null
    for (const step of steps) {
      const { exitCode, all } = await podman.call(step, 120_000)
      if (exitCode !== 0) failure ??= `podman ${step[0]}: ${all}`
      if (failure !== null) break
    }
    if (failure === null) {
      const disposables = cleanup.move()
      return {
        ...podman,
        [Symbol.asyncDispose]: async () => {
          await podman.call(['rm', '--all', '--force'])
          await disposables.disposeAsync()
        },
      }
    }
    reasons.push(`${driver}: ${failure}`)
  }
  return `podman can't build and run an image here: ${reasons.join('; ')}`
}

function podmanIn(folder: string, driver: string, base: string): Omit<Podman, keyof AsyncDisposable> {
  const own = (name: string) => join(folder, driver, name)
  // podman looks for its policy there first.
  const script = `${addUnpacked}HOME=${folder} exec podman "$@"`
  const command = [
    // In a mount namespace of its own, so that nothing stays mounted, whatever happens.
    ...['unshare', '--mount', '--propagation', 'private', 'sh', '-euc', script, 'podman'],
    ...['--root', own('root'), '--runroot', own('run'), '--tmpdir', own('tmp'), '--network-config-dir', own('net')],
    ...['--storage-driver', driver, '--cgroup-manager', 'cgroupfs', '--events-backend', 'file', '--runtime', 'runc'],
  ] as const
  const [program, ...options] = command
  return {
    folder,
    command,
    buildOptions: [
      ...['--layers=false', '--isolation=chroot', '--pull=never', '--network=host', `--build-arg=BASE=${base}`],
      ...npmVolumes().map(volume => `--volume=${volume}`),
    ],
    // Without CAP_SYS_RESOURCE no limit may be raised, as podman does by default.
    runOptions: ['--rm', '--network=host', '--ulimit=nofile=4096:4096', '--ulimit=nproc=4096:4096'],
    call: (args, timeoutMs = 60_000) =>
      execa(program, [...options, ...args], { cwd: '/', reject: false, all: true, timeout: timeoutMs }),
  }
}

const certificates = process.env.NODE_EXTRA_CA_CERTS
const certificatesInside = '/etc/extra-certificates.pem'

/** This checkout's Node, the machine's npm, and what scripts of npm and this test call, with their shared libraries. */
const baseScript = `
  mkdir -p tmp srv opt root etc usr/bin usr/local/bin usr/local/lib/node_modules
  chmod 1777 tmp
  ln -s usr/bin bin
  for name in sh env cat find id ln ls mkdir readlink rm touch uname; do cp -L "/usr/bin/$name" usr/bin; done
  cp "$NODE" usr/local/bin/node
  npm=$(readlink -f "$(command -v npm)")
  cp -r "\${npm%/bin/npm-cli.js}" usr/local/lib/node_modules/npm
  ln -s ../lib/node_modules/npm/bin/npm-cli.js usr/local/bin/npm
  ldd usr/bin/* usr/local/bin/node | sed -n 's/^.*[[:space:]]\\(\\/[^ ]*\\) (.*$/\\1/p' | sort -u | tar -P -chf - -T - | tar -xf -
  echo root:x:0:0:root:/root:/bin/sh > etc/passwd
  if [ -n "$CERTIFICATES" ]; then cp -L "$CERTIFICATES" .${certificatesInside}; fi
  tar -cf "$ARCHIVE" .
`

/** Writes a root file system. */
async function archiveBase(rootfs: string, archive: string): Promise<void> {
  await mkdir(rootfs)
  const env = { NODE: process.execPath, CERTIFICATES: certificates ?? '', ARCHIVE: archive }
  await execa('sh', ['-euc', baseScript], { cwd: rootfs, env, timeout: 120_000 })
  await rm(rootfs, { recursive: true })
}

/** The cache of npm spares a build most downloads; its settings let it reach the registry. */
function npmVolumes(): string[] {
  const volumes = [
    [join(homedir(), '.npm'), '/root/.npm'],
    [join(homedir(), '.npmrc'), '/root/.npmrc:ro'],
    ['/etc/ssl/certs', '/etc/ssl/certs:ro'],
  ]
  return volumes.flatMap(([from = '', to]) => (existsSync(from) ? [`${from}:${to}`] : []))
}

async function baseVariables(): Promise<string[]> {
  const { stdout: registry } = await execa('npm', ['config', 'get', 'registry'], { timeout: 60_000 })
  return [
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    'npm_config_prefer_offline=true',
    `npm_config_registry=${registry}`,
    ...(certificates === undefined ? [] : [`NODE_EXTRA_CA_CERTS=${certificatesInside}`]),
  ]
}
