import type { Socket } from 'node:net'
import { connect as connectTcp } from 'node:net'
import type { TLSSocket } from 'node:tls'

/** Target of connections. The address is resolved in advance, so that name resolution is never measured. */
export interface Target {
  /** An IP address, or the name if it could not be resolved. */
  readonly host: string
  readonly port: number
  /** The name to verify the certificate for; null without TLS. */
  readonly tls: { readonly serverName: string; readonly ca: string | null } | null
  /** For messages: scheme, host and port. */
  readonly label: string
  /** Duration of the name resolution. */
  readonly lookupMs: number
}

/**
 * Opens a connection that reads into `buffer`, which all connections of a thread share, so that reads allocate nothing.
 * Ignores proxies from the environment, because a proxy would be measured along with the server.
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
  // Node documents `onread` only for net, but tls.connect passes it on.
  const secure = {
    ...options,
    ALPNProtocols: ['http/1.1'],
    ...(serverName === '' ? {} : { servername: serverName }),
    ...(ca === null ? {} : { ca }),
  }
  // Loading TLS takes 20 ms of CPU in each thread, which most runs don't need.
  return process.getBuiltinModule('node:tls').connect(secure)
}

/** The event after which a connection is writable. */
export function readyEvent(target: Target): 'connect' | 'secureConnect' {
  return target.tls === null ? 'connect' : 'secureConnect'
}

export type { TLSSocket }
