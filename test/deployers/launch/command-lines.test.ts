import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Task } from '../../../src/deployers/launch/launcher.ts'
import { connectionCommand, overSsh } from '../../../src/deployers/launch/ssh.ts'
import type { SlurmConfig } from '../../../src/deployers/slurm/config.ts'
import { allocationCommand } from '../../../src/deployers/slurm/salloc.ts'
import { asStep, failedTask, mpiBreakers } from '../../../src/deployers/slurm/srun.ts'

const task: Task = { name: 'decode-0', argv: ['python', '-m', 'x y'], env: { A: '1' }, files: [] }
const wrapping = { container: null, namespace: 'ns', unset: [] }

it('a connection asks nobody, stays in the foreground, and ends when the node is silent', () => {
  const ssh = { config: '/c', options: { User: 'me' } }
  assert.equal(
    connectionCommand({ host: 'node1', ssh, socket: '/s/%C' }).join(' '),
    'ssh -M -T -F /c -o User=me -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=5 -o ServerAliveCountMax=3' +
      ' -S /s/%C -o ControlPersist=no -- node1 cat >/dev/null',
  )
})

it('a task over ssh is one word for the other side’s shell, and ends with its input', () => {
  const { argv, env, endsBy } = overSsh({ host: 'node1', ssh: { options: {} }, socket: '/s' }, wrapping)(task)
  assert.deepEqual([env, endsBy], [{}, 'stdin'])
  assert.equal(argv.at(-2), 'node1')
  assert.match(
    argv.at(-1) ?? '',
    /^bash -c '.*' fulcrum 15 20 '' '' ns\/decode-0 '' '' \/tmp\/ns 0 env 'A=1' python -m 'x y'$/s,
  )
})

it('a step runs on its node of the allocation, without the variables that break MPI spawn', () => {
  const place = { job: '7', node: 'n2', args: ['--mpi=pmix'] }
  const { argv } = asStep(place, { ...wrapping, unset: mpiBreakers })(task)
  assert.equal(
    argv.slice(0, 10).join(' '),
    'srun --jobid=7 --overlap --nodes=1 --ntasks=1 --nodelist=n2 --cpu-bind=none --unbuffered --job-name=decode-0 --mpi=pmix',
  )
  assert.equal(argv.slice(-11).join(' '), 'env -u SLURM_JOBID -u SLURM_JOB_ID -u SLURM_NODELIST A=1 python -m x y')
})

it('a step may run the guide’s container, whose file system then has the task’s files', () => {
  const image = 'dynamo:latest-tensorrtllm'
  const container = { runtime: 'docker', image, args: ['-v', '/tmp/hf_cache:/root/.cache/huggingface'] } as const
  const files = [{ path: '/tmp/ns/engine.yaml', content: 'a: 1' }]
  const { argv } = asStep({ job: '7', node: 'n2', args: [] }, { ...wrapping, container })({ ...task, files, cwd: '/w' })
  const from = argv.lastIndexOf('docker')
  assert.equal(
    argv.slice(from).join(' '),
    `docker run --rm --init --name ns-decode-0 --gpus all --network host -w /w -v /tmp/ns/engine.yaml:/tmp/ns/engine.yaml:ro -e A=1 -v /tmp/hf_cache:/root/.cache/huggingface ${image} python -m x y`,
  )
})

it('a failure of a rank is read from what srun says, with the lines that are from it', () => {
  const failure = (line: string) => failedTask(line)?.what ?? null
  assert.equal(failure('srun: error: n2: task 1: Exited with exit code 3'), 'rank 1 on n2: Exited with exit code 3')
  assert.equal(failure('srun: error: n[1-2]: tasks 0-2,5: Killed'), 'ranks 0-2,5 on n[1-2]: Killed')
  assert.equal(failure('srun: error: Node failure on n2'), 'its ranks on n2: the node failed')
  for (const line of [
    'srun: cluster configuration lacks support for cpu binding',
    'srun: error: Unable to allocate resources: Invalid partition name specified',
    '1: srun: error: n2: task 1: Killed',
    '0: slurmstepd-n1: error: *** STEP 1.0 ON n1 CANCELLED AT 2026-11-29T12:26:57 ***',
  ])
    assert.equal(failure(line), null, line)
  const part = failedTask('srun: error: n[1-2]: tasks 0-2,5: Killed')
  const own = ['0: a', ' 2: b', '3: c', '05: d', '5: e', '15: f', 'srun: g'].filter(line => part?.isFrom(line))
  assert.deepEqual(own, ['0: a', ' 2: b', '5: e'])
})

it('an allocation is asked for with what the sweep file says, and held until the input ends', () => {
  const config = {
    nodes: 2,
    gpus_per_node: 4,
    partition: 'p',
    account: 'a',
    time: '1:00',
    salloc_args: ['--oversubscribe'],
  }
  const argv = allocationCommand(config as unknown as SlurmConfig, 'fulcrum-1')
  assert.equal(
    argv.slice(0, 11).join(' '),
    'salloc --job-name=fulcrum-1 --nodes=2 --gpus-per-node=4 --exclusive --no-kill --partition=p --account=a --time=1:00 --oversubscribe bash',
  )
})
