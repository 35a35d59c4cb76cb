import { etcdAnswers, natsAnswers } from '../infrastructure.ts'
import { requireFreePort } from '../ports.ts'
import { findProgram } from '../programs.ts'
import { type Check, missed, passed } from './check.ts'

/** Checks a service of Dynamo: the given one responds, or Fulcrum can start one. */
export async function service(
  name: 'nats' | 'etcd',
  program: string,
  debian: string,
  given: string | undefined,
): Promise<Check> {
  if (given !== undefined) {
    const signal = AbortSignal.timeout(5_000)
    const answers = await (name === 'nats' ? natsAnswers(given, signal) : etcdAnswers(given, signal))
    if (answers) return passed(name, `${given} answers`)
    return missed(name, `${given} does not answer`, `Start it, or remove deploy.${name}, so that Fulcrum starts one.`)
  }
  const path = await findProgram(program)
  if (path !== null) return passed(name, path)
  return missed(
    name,
    `${program} is not installed`,
    `apt-get install ${debian}, or name a running one in deploy.${name}`,
  )
}

/** Checks that the frontend's port is free. */
export async function checkHttpPort(port: number): Promise<Check> {
  try {
    await requireFreePort(port, 'frontend')
    return passed('port', `${port} is free`)
  } catch (error) {
    return missed(
      'port',
      error instanceof Error ? error.message : String(error),
      'Stop that program, or remove http_port.',
    )
  }
}
