import { generatorVersion } from '../../generators/built-in/result.ts'
import { type ShardLaunch, type ShardSettings, shardLaunches } from '../../generators/shards/launch.ts'
import { createDecoder, type FromShard, protocol } from '../../generators/shards/wire.ts'
import { atMost } from '../../process/at-most.ts'
import { isSshFailed, retryingSsh, sshFailed, sshFailure, whySshFailed } from '../../process/ssh-failure.ts'
import { type Check, missed, passed } from './check.ts'
import { sshTrouble } from './ssh-machine.ts'

const limitMs = 60_000

/**
 * Checks that every host of the sweep can run a part of the load: starts a shard there, which sends its greeting and
 * ends.
 */
export async function checkShardHosts(settings: ShardSettings): Promise<readonly Check[]> {
  if (settings.hosts.length === 0) return []
  const launches = shardLaunches({ ...settings, count: settings.hosts.length })
  // Hosts may be named twice or share a jump host, and sshd drops some of more than ten concurrent logins.
  const inTurn = atMost(6)
  return Promise.all(launches.map(launch => inTurn(() => greet(launch))))
}

/** Starts a shard with empty input. It sends its greeting and ends, so the start can be repeated safely. */
const start = ({ host, argv: [program, ...args] }: ShardLaunch) =>
  retryingSsh(async () => {
    const { execa } = await import('execa')
    const result = await execa(program, args, { input: '', reject: false, timeout: limitMs })
    const failure = result.timedOut ? null : sshFailure(result.exitCode, result.stderr)
    if (failure !== null) throw sshFailed(`load host ${host}`, failure)
    return result
  })

async function greet(launch: ShardLaunch): Promise<Check> {
  const { host } = launch
  const where = `load host ${host}`
  try {
    return judgeHello(await start(launch), where)
  } catch (error) {
    if (!isSshFailed(error)) throw error
    const [detail, remedy] = sshTrouble(whySshFailed(error), host)
    return missed('load shard', detail, remedy, where)
  }
}

function judgeHello(result: Awaited<ReturnType<typeof start>>, where: string): Check {
  const decode = createDecoder<FromShard>()
  const heard = result.stdout.split('\n').map(decode)
  const hello = heard.flatMap(one => (typeof one === 'object' && one.message.kind === 'hello' ? [one.message] : []))[0]
  if (hello === undefined) {
    const complaint = result.timedOut
      ? `no answer within ${limitMs / 1000} s`
      : result.stderr.trim().split('\n').at(-1) || result.originalMessage || `it exited with code ${result.exitCode}`
    const remedy = 'Install Fulcrum there at the same path as here, or name it in generator.shards.command.'
    return missed('load shard', complaint, remedy, where)
  }
  if (hello.protocol !== protocol || hello.version !== generatorVersion) {
    const detail = `its generator has version ${hello.version}, but the one here has ${generatorVersion}`
    return missed('load shard', detail, 'Install the same version of Fulcrum on both hosts.', where)
  }
  return passed('load shard', `${hello.hostname}, ${hello.cores} cores, the same generator (${hello.version})`, where)
}
