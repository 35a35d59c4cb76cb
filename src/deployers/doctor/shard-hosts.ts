import { execa } from 'execa'
import { generatorVersion } from '../../generators/built-in/result.ts'
import { type ShardLaunch, type ShardSettings, shardLaunches } from '../../generators/shards/launch.ts'
import { createDecoder, type FromShard, protocol } from '../../generators/shards/wire.ts'
import { type Check, missed, passed } from './check.ts'
import { sshTrouble } from './ssh-machine.ts'

const limitMs = 60_000

/**
 * Whether a part of the load can run on every host that the sweep names: its shard is started there, says hello, and
 * ends.
 */
export async function checkShardHosts(settings: ShardSettings): Promise<readonly Check[]> {
  if (settings.hosts.length === 0) return []
  const launches = shardLaunches({ ...settings, count: settings.hosts.length })
  return Promise.all(launches.map(launch => greet(launch, settings)))
}

async function greet({ host, argv }: ShardLaunch, { launcher }: ShardSettings): Promise<Check> {
  const where = `load host ${host}`
  const [program, ...args] = argv
  // A shard whose input has ended says hello and goes.
  const result = await execa(program, args, { input: '', reject: false, timeout: limitMs })
  const decode = createDecoder<FromShard>()
  const heard = result.stdout.split('\n').map(decode)
  const hello = heard.flatMap(one => (typeof one === 'object' && one.message.kind === 'hello' ? [one.message] : []))[0]
  if (hello === undefined) {
    const complaint = result.timedOut
      ? `no answer within ${limitMs / 1000} s`
      : result.stderr.trim().split('\n').at(-1) || result.originalMessage || `it ended with code ${result.exitCode}`
    const [detail, remedy] =
      launcher === 'ssh' && result.exitCode === 255
        ? sshTrouble(complaint, host)
        : [complaint, 'Install Fulcrum there at the same path as here, or name it in generator.shards.command.']
    return missed('load shard', detail, remedy, where)
  }
  if (hello.protocol !== protocol || hello.version !== generatorVersion) {
    const detail = `its Fulcrum loads as ${hello.version}, this one as ${generatorVersion}`
    return missed('load shard', detail, 'Bring both to one version: a load of two kinds is no load.', where)
  }
  return passed('load shard', `${hello.hostname}, ${hello.cores} cores, the same generator (${hello.version})`, where)
}
