import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** Who may read a site that asks for a token. */
export interface Access {
  /** Whether a request brings the token, or the cookie of a browser that brought it before. */
  admits(request: Pick<IncomingMessage, 'headers'>): boolean
  /** Whether a request brings the token itself: a cookie is not enough to change anything. */
  holdsToken(request: Pick<IncomingMessage, 'headers'>): boolean
  /** A cookie for whoever knows the token; null for others, and `throttled` after too many wrong ones. */
  login(token: string): string | null | 'throttled'
}

const cookieName = 'fulcrum_session'

/** A session ends after a working day. */
const sessionMs = 12 * 3600_000

/** Sessions kept: the oldest give way. */
const mostSessions = 1000

/** Wrong tokens in a minute before the next one isn't looked at. */
const mostWrongPerMinute = 10

/**
 * Access by one token for all. A browser exchanges it for a cookie that scripts can't read and that no other site can
 * send; programs send it as `Authorization: Bearer`.
 * @param token what whoever may read knows
 * @param now milliseconds
 */
export function tokenAccess(token: string, now: () => number = Date.now): Access {
  const wanted = digest(token)
  const isToken = (asked: string) => timingSafeEqual(digest(asked), wanted)
  /** When each session ends, by the digest of its cookie. */
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

/** A site on this machine alone asks for nothing. */
export const openAccess: Access = { admits: () => true, holdsToken: () => true, login: () => null }

const digest = (text: string) => createHash('sha256').update(text).digest()
const keyOf = (session: string) => digest(session).toString('hex')
