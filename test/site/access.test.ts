import assert from 'node:assert/strict'
import { readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { openAccess, tokenAccess } from '../../src/site/access.ts'
import { auditFile } from '../../src/site/audit.ts'

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
const withCookie = (cookie: string | null) => ({ headers: { cookie: `other=1; ${cookie?.split(';')[0]}` } })

describe('a site with a token', () => {
  test('admits who sends it, and nobody else', () => {
    const access = tokenAccess('sesame')
    assert.ok(access.admits(bearer('sesame')))
    for (const request of [bearer('Sesame'), bearer('sesam'), bearer(''), { headers: {} }])
      assert.ok(!access.admits(request))
    assert.ok(!access.admits({ headers: { authorization: 'Basic sesame' } }))
  })

  test('admits the browser that logged in, which still holds no token', () => {
    const access = tokenAccess('sesame')
    const cookie = access.login('sesame')
    assert.match(String(cookie), /; HttpOnly; SameSite=Strict;/)
    assert.doesNotMatch(String(cookie), /sesame/)
    assert.ok(access.admits(withCookie(cookie)))
    assert.ok(!access.holdsToken(withCookie(cookie)))
  })

  test('admits no cookie that it did not make, nor one of another site', () => {
    const access = tokenAccess('sesame')
    assert.ok(!access.admits(withCookie('fulcrum_session=guessed')))
    assert.ok(!access.admits(withCookie(tokenAccess('sesame').login('sesame'))))
  })

  test('ends a session after twelve hours', () => {
    let now = 0
    const access = tokenAccess('sesame', () => now)
    const cookie = access.login('sesame')
    now = 12 * 3600_000 - 1
    assert.ok(access.admits(withCookie(cookie)))
    now += 1
    assert.ok(!access.admits(withCookie(cookie)))
  })

  test('looks at no token for a minute after ten wrong ones, not even the right one', () => {
    let now = 0
    const access = tokenAccess('sesame', () => now)
    for (let i = 0; i < 10; i++) assert.equal(access.login('wrong'), null)
    assert.equal(access.login('sesame'), 'throttled')
    now = 60_001
    assert.notEqual(access.login('sesame'), 'throttled')
  })
})

test('a site on this machine alone asks for nothing', () => {
  assert.ok(openAccess.admits({ headers: {} }))
})

test('the audit log gets a line for each entry, and keeps those before', async () => {
  const file = join(tmpdir(), `fulcrum-audit-${process.pid}.jsonl`)
  await using cleanup = new AsyncDisposableStack()
  cleanup.defer(() => rm(file, { force: true }))
  const audit = auditFile(file, () => new Date(0))
  await audit({ action: 'login', from: '10.0.0.1', outcome: 'refused', run: '', why: 'wrong token\n' })
  await audit({ action: 'upload', from: '10.0.0.1', outcome: 'done', run: 'a/b', why: '' })
  const lines = (await readFile(file, 'utf8'))
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  assert.deepEqual(
    lines.map(({ at, action, outcome }) => [at, action, outcome]),
    [
      ['1970-01-01T00:00:00.000Z', 'login', 'refused'],
      ['1970-01-01T00:00:00.000Z', 'upload', 'done'],
    ],
  )
})
