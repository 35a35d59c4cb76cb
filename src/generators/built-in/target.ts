import type { Socket } from 'node:net'
import { connect as connectTcp } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { connect as connectTls } from 'node:tls'

/** Where connections go: an address already looked up, so that name resolution is never measured. */
export interface Target {
  /** An IP address, or a name where none was found. */
  readonly host: string
  readonly port: number
  /** The name to verify the certificate for; null without TLS. */
  readonly tls: { readonly serverName: string; readonly ca: string | null } | null
  /** For messages: scheme, host and port. */
  readonly label: string
  /** How long the look-up took. */
  readonly lookupMs: number
}

/**
 * Opens a connection that reads into `buffer`, shared by all connections of a thread: no memory is allocated for a
 * read. The environment's proxies are ignored: a proxy would be measured with the server.
 */
export function openSocket(target: Target, buffer: Buffer, onBytes: (length: number) => void): Socket {
  const onread = {
    buffer,
    callback: (length: number) => {
      onBytes(length)
      return true
    },
  }
  const options = { host: target.host, port: target.port, noDelay: true, keepAlive: true, onread }
  if (target.tls === null) return connectTcp(options)
  const { serverName, ca } = target.tls
  // Node's documentation names `onread` for net only; tls.connect hands it on just the same.
  const secure = {
    ...options,
    ALPNProtocols: ['http/1.1'],
    ...(serverName === '' ? {} : { servername: serverName }),
    ...(ca === null ? {} : { ca }),
  }
  return connectTls(secure)
}

/** The event that says a connection may be written to. */
export function readyEvent(target: Target): 'connect' | 'secureConnect' {
  return target.tls === null ? 'connect' : 'secureConnect'
}

export type { TLSSocket }
