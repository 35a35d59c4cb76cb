import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, openAsBlob } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AwsClient } from 'aws4fetch'
import { defined, FulcrumError } from '../../model/index.ts'

/** An object of a store. */
export interface StoredObject {
  /** Relative to the store's prefix. */
  readonly key: string
  /** The store's ETag. Changes with the content. */
  readonly etag: string
}

/** Condition for a write: no such object exists, or it is still this version. */
export type PutCondition = { readonly ifAbsent: true } | { readonly ifMatch: string }

/** A prefix of a bucket in an S3-compatible store. Each call throws FulcrumError if the store fails. */
export interface Store {
  /** `s3://BUCKET/PREFIX`, without a trailing slash. */
  readonly url: string
  /** The URL and the endpoint, for messages. */
  readonly where: string
  list(signal?: AbortSignal): Promise<readonly StoredObject[]>
  /** Writes an object to a file. Returns its ETag; null if there is no such object. */
  get(key: string, file: string, signal?: AbortSignal): Promise<string | null>
  /** Writes an object. Returns `changed`, without writing, if the condition does not hold. */
  put(key: string, file: string, condition: PutCondition, signal?: AbortSignal): Promise<'stored' | 'changed'>
}

type Environment = Readonly<Record<string, string | undefined>>

/** Whether a text is the address of a store. */
export const isStoreUrl = (text: string): boolean => /^s3:/i.test(text)

/** Deadline in ms for a list, and for the headers of any response. */
const answerPatienceMs = 60_000
/** Deadline in ms for a transfer: long enough for a large run over a slow connection. */
const transferPatienceMs = 10 * 60_000

/**
 * Opens a store by its address `s3://BUCKET[/PREFIX]`. Credentials, region and endpoint come from the environment
 * variables of the AWS CLI: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION,
 * AWS_ENDPOINT_URL_S3.
 * @throws FulcrumError (bad-input) for an invalid address or endpoint, or without credentials
 */
export function openStore(address: string, env: Environment): Store {
  const { bucket, prefix } = parsed(address)
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION || 'us-east-1'
  const endpoint = endpointOf(env, region)
  const accessKeyId = env.AWS_ACCESS_KEY_ID
  const secretAccessKey = env.AWS_SECRET_ACCESS_KEY
  if (!accessKeyId || !secretAccessKey)
    throw new FulcrumError('bad-input', 'no-credentials', 'A store needs credentials.', {
      where: address,
      remedy: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN for temporary ones.',
    })
  const sessionToken = env.AWS_SESSION_TOKEN
  const client = new AwsClient({
    ...{ accessKeyId, secretAccessKey, region, service: 's3', retries: 3 },
    ...(sessionToken ? { sessionToken } : {}),
  })
  const url = `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}`
  const below = prefix === '' ? '' : `${prefix}/`
  // Path-style addresses work with every store, including those without DNS names for their buckets.
  const bucketUrl = `${endpoint}/${bucket}`
  const urlOf = (key: string) => `${bucketUrl}/${`${below}${key}`.split('/').map(encodeURIComponent).join('/')}`
  const where = `${url} at ${endpoint}`

  const ask = async (to: string, patienceMs: number, signal: AbortSignal | undefined, init: RequestInit = {}) => {
    const deadline = AbortSignal.timeout(patienceMs)
    const both = signal === undefined ? deadline : AbortSignal.any([deadline, signal])
    return client.fetch(to, { ...init, signal: both }).catch((error: unknown) => {
      if (signal?.aborted) throw error
      throw unreachable(error, where)
    })
  }

  return {
    url,
    where,
    async list(signal) {
      const found: StoredObject[] = []
      let token: string | null = null
      do {
        const query = new URLSearchParams({ 'list-type': '2', 'encoding-type': 'url', prefix: below })
        if (token !== null) query.set('continuation-token', token)
        const answer = await ask(`${bucketUrl}?${query}`, answerPatienceMs, signal)
        const text = await answer.text()
        if (!answer.ok) throw refused(answer.status, text, where)
        const page = parsedList(text)
        if (page === null) throw noStore(where)
        found.push(...page.objects.map(({ key, etag }) => ({ key: key.slice(below.length), etag })))
        token = page.next
      } while (token !== null)
      return found
    },
    async get(key, file, signal) {
      const answer = await ask(urlOf(key), transferPatienceMs, signal)
      if (answer.ok && answer.body !== null) {
        const body = Readable.fromWeb(answer.body)
        await pipeline(body, createWriteStream(file)).catch((error: unknown) => {
          throw signal?.aborted || isOfDisk(error) ? error : unreachable(error, where)
        })
        return answer.headers.get('etag') ?? ''
      }
      const text = await answer.text()
      if (answer.status === 404 && codeOf(text) !== 'NoSuchBucket') return null
      throw refused(answer.status, text, where)
    },
    async put(key, file, condition, signal) {
      const answer = await ask(urlOf(key), transferPatienceMs, signal, {
        method: 'PUT',
        headers: {
          'content-type': 'application/gzip',
          // With it, the store rejects damaged uploads.
          'x-amz-content-sha256': await sha256Of(file),
          ...('ifAbsent' in condition ? { 'if-none-match': '*' } : { 'if-match': condition.ifMatch }),
        },
        body: await openAsBlob(file),
      })
      const text = await answer.text()
      if (answer.ok) return 'stored'
      // 409: another write of the same object is in progress. 404: the object to replace is gone.
      const isGone = answer.status === 404 && codeOf(text) !== 'NoSuchBucket'
      if (answer.status === 412 || answer.status === 409 || isGone) return 'changed'
      throw refused(answer.status, text, where)
    },
  }
}

function parsed(address: string): { readonly bucket: string; readonly prefix: string } {
  const [, bucket, path = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(\/[^?#]*)?$/.exec(address) ?? []
  const prefix = path.replace(/^\/+|\/+$/g, '')
  if (bucket !== undefined && prefix.split('/').every(part => part !== '.' && part !== '..')) return { bucket, prefix }
  throw new FulcrumError(
    'bad-input',
    'not-a-store',
    `Invalid address of a store: ${address.replace(/\/\/[^/]*@/, '//')}.`,
    {
      remedy: 'Write s3://BUCKET or s3://BUCKET/PREFIX, without a user or password.',
    },
  )
}

function endpointOf(env: Environment, region: string): string {
  const given = env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL
  if (!given) return `https://s3.${region}.amazonaws.com`
  const url = URL.canParse(given) ? new URL(given) : null
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '')
    return `${url.origin}${url.pathname}`.replace(/\/$/, '')
  throw new FulcrumError('bad-input', 'not-a-store', 'Invalid address of a store’s endpoint.', {
    where: 'AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL',
    remedy: 'Use an address such as https://minio.example:9000, without a user or password.',
  })
}

/** Parses a page of ListObjectsV2 with `encoding-type=url`; null for anything else. */
export function parsedList(
  xml: string,
): { readonly objects: readonly StoredObject[]; readonly next: string | null } | null {
  if (!/<ListBucketResult[\s>]/.test(xml)) return null
  const objects = [...xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)].flatMap(([, content = '']) => {
    const key = textOf(content, 'Key')
    const etag = textOf(content, 'ETag')
    return key === null || etag === null ? [] : [{ key: decodeURIComponent(key.replaceAll('+', ' ')), etag }]
  })
  const isCut = textOf(xml, 'IsTruncated') === 'true'
  return { objects, next: isCut ? textOf(xml, 'NextContinuationToken') : null }
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", '#34': '"' }

function textOf(xml: string, name: string): string | null {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]
  return text?.replace(/&(#?\w+);/g, (whole, entity: string) => entities[entity] ?? whole) ?? null
}

const codeOf = (xml: string) => /<Code>([A-Za-z]{1,64})<\/Code>/.exec(xml)?.[1] ?? null

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}

function unreachable(error: unknown, where: string): FulcrumError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const why = cause instanceof Error ? cause.message || cause.name : String(cause)
  return new FulcrumError('environment', 'store-unreachable', `The store does not answer: ${why}.`, {
    where,
    remedy: 'Check the network, and AWS_ENDPOINT_URL_S3 for a store that is not AWS.',
    cause: error,
  })
}

const isOfDisk = (error: unknown) => error instanceof Error && 'syscall' in error && error.syscall !== 'read'

const noStore = (where: string) =>
  new FulcrumError('environment', 'store-unreachable', 'What answers is not an S3-compatible store.', {
    where,
    remedy: 'Check AWS_ENDPOINT_URL_S3.',
  })

/** Shows only the code of the response, because its message may repeat what was sent. */
function refused(status: number, text: string, where: string): FulcrumError {
  const code = codeOf(text)
  const remedy =
    code === 'NoSuchBucket'
      ? 'Make the bucket, or check its name and AWS_REGION.'
      : status === 401 || status === 403
        ? 'Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and what they may do: list, read and write objects.'
        : status === 301 || status === 400
          ? 'Check AWS_REGION.'
          : undefined
  const kind = status >= 500 ? 'environment' : 'bad-input'
  return new FulcrumError(
    kind,
    'store-refused',
    `The store refused the request: HTTP ${status}${code === null ? '' : ` ${code}`}.`,
    { where, ...defined({ remedy }) },
  )
}
