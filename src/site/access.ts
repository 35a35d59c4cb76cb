import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** Controls who may read a site that requires a token. */
export interface Access {
  /** Whether a request has the token, or the cookie of a browser that logged in. */
  admits(request: Pick<IncomingMessage, 'headers'>): boolean
  /** Whether a request has the token itself. A cookie is not enough to change anything. */
  holdsToken(request: Pick<IncomingMessage, 'headers'>): boolean
  /** A cookie if the token is right; null if it is wrong, and `throttled` after too many wrong tokens. */
  login(token: string): string | null | 'throttled'
}

const cookieName = 'fulcrum_session'

/** A session lasts one working day. */
const sessionMs = 12 * 3600_000

/** Maximum number of sessions; the oldest are dropped. */
const mostSessions = 1000

/** Wrong tokens per minute after which further ones are rejected unread. */
const mostWrongPerMinute = 10

/**
 * Access with one token for everybody. A browser exchanges it for a cookie that scripts can't read and that no other
 * site can send. Programs send it as `Authorization: Bearer`.
 * @param token the token that readers need
 * @param now milliseconds
 */
export function tokenAccess(token: string, now: () => number = Date.now): Access {
  const wanted = digest(token)
  const isToken = (asked: string) => timingSafeEqual(digest(asked), wanted)
  /** End of each session, by the digest of its cookie. */
  const sessions = new Map<string, number>()
  let wrongAt: readonly number[] = []

  const holdsToken: Access['holdsToken'] = ({ headers }) => {
    const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
    return bearer !== undefined && isToken(bearer)
  }
  const hasSession = (cookies: string) =>
    cookies.split(';').some(pair => {
      const [name, value = ''] = pair.trim().split('=')
      const ends = name === cookieName ? sessions.get(keyOf(value)) : undefined
      return ends !== undefined && ends > now()
    })
  return {
    holdsToken,
    admits: request => holdsToken(request) || hasSession(request.headers.cookie ?? ''),
    login(asked) {
      wrongAt = wrongAt.filter(at => at > now() - 60_000)
      if (wrongAt.length >= mostWrongPerMinute) return 'throttled'
      if (!isToken(asked)) {
        wrongAt = [...wrongAt, now()]
        return null
      }
      const session = randomBytes(32).toString('base64url')
      sessions.set(keyOf(session), now() + sessionMs)
      const [oldest] = sessions.keys()
      if (sessions.size > mostSessions && oldest !== undefined) sessions.delete(oldest)
      return `${cookieName}=${session}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${sessionMs / 1000}`
    },
  }
}

/** A site that only this machine can reach needs no token. */
export const openAccess: Access = { admits: () => true, holdsToken: () => true, login: () => null }

const digest = (text: string) => createHash('sha256').update(text).digest()
const keyOf = (session: string) => digest(session).toString('hex')
