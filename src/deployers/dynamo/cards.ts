import { z } from 'zod'
import type { Role } from '../../model/index.ts'

/** A worker in Dynamo's discovery. Values that a backend does not publish are null. */
export interface WorkerCard {
  readonly namespace: string
  readonly role: Role
  readonly model: string
  /** `host:port` of its request plane; null if its instance does not exist (any more). */
  readonly address: string | null
  readonly maxSequences: number | null
  readonly maxBatchedTokens: number | null
  readonly contextLength: number | null
}

const rangeSchema = z.object({ kvs: z.array(z.object({ key: z.string(), value: z.string() })).default([]) })

const cardSchema = z.object({
  namespace: z.string(),
  card_json: z.object({
    display_name: z.string(),
    worker_type: z.enum(['prefill', 'decode', 'aggregated']),
    runtime_config: z
      .object({ max_num_seqs: z.number(), max_num_batched_tokens: z.number(), context_length: z.number() })
      .partial()
      .default({}),
  }),
})

const instanceSchema = z.object({
  transport: z.object({ tcp: z.string() }).partial().optional(),
})

/**
 * Workers registered in an etcd. Reads Dynamo 1.4's model cards (`v1/mdc/…`), which contain a worker's role, and
 * instances (`v1/instances/…`), which contain its address.
 * @throws TypeError, SyntaxError or ZodError if the etcd does not exist, or if its entries are from another version of
 *   Dynamo
 */
export async function workerCards(etcdUrl: string, signal: AbortSignal): Promise<readonly WorkerCard[]> {
  const [cards, instances] = await Promise.all([
    valuesBelow(etcdUrl, 'v1/mdc/', signal),
    valuesBelow(etcdUrl, 'v1/instances/', signal),
  ])
  const addresses = new Map(
    instances.flatMap(({ key, value }) => {
      const { transport } = instanceSchema.parse(JSON.parse(value))
      const address = transport?.tcp?.split('/')[0]
      return address === undefined ? [] : [[key.replace(/^v1\/instances\//, ''), address] as const]
    }),
  )
  return cards.map(({ key, value }) => {
    const { namespace, card_json: card } = cardSchema.parse(JSON.parse(value))
    const { max_num_seqs, max_num_batched_tokens, context_length } = card.runtime_config
    const said = (figure: number | undefined) => (figure === undefined || figure === 0 ? null : figure)
    return {
      namespace,
      role: card.worker_type,
      model: card.display_name,
      address: addresses.get(key.replace(/^v1\/mdc\//, '')) ?? null,
      maxSequences: said(max_num_seqs),
      maxBatchedTokens: said(max_num_batched_tokens),
      contextLength: said(context_length),
    }
  })
}

/** Keys and values with a prefix, through etcd's JSON gateway (gRPC names, base64 bytes). */
async function valuesBelow(etcdUrl: string, prefix: string, signal: AbortSignal) {
  const [first = etcdUrl] = etcdUrl.split(',')
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const end = `${prefix.slice(0, -1)}${String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)}`
  const answer = await fetch(`${first.replace(/\/+$/, '')}/v3/kv/range`, {
    method: 'POST',
    body: JSON.stringify({ key: base64(prefix), range_end: base64(end) }),
    signal,
  })
  if (!answer.ok) throw new TypeError(`etcd answers HTTP ${answer.status}`)
  const text = (encoded: string) => Buffer.from(encoded, 'base64').toString('utf8')
  return rangeSchema.parse(await answer.json()).kvs.map(({ key, value }) => ({ key: text(key), value: text(value) }))
}
