import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { keyOf, placeOf } from '../../src/commands/store/places.ts'
import { openStore, parsedList } from '../../src/commands/store/s3.ts'
import { FulcrumError } from '../../src/model/index.ts'

const env = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' }

const refusedAs = (code: string) => (error: unknown) => {
  assert.ok(error instanceof FulcrumError)
  assert.deepEqual([error.kind, error.code], ['bad-input', code])
  assert.doesNotMatch(`${error.message} ${error.where} ${error.remedy}`, /secret\b/)
  return true
}

describe('the address of a store', () => {
  test('is a bucket, or a prefix of one; AWS answers for it unless another endpoint is named', () => {
    assert.equal(openStore('s3://bucket', env).where, 's3://bucket at https://s3.us-east-1.amazonaws.com')
    const other = { ...env, AWS_REGION: 'eu-central-1', AWS_ENDPOINT_URL_S3: 'http://minio:9000/' }
    assert.equal(openStore('s3://bucket/a/b/', other).where, 's3://bucket/a/b at http://minio:9000')
  })

  for (const address of [
    's3://',
    's3://B',
    's3:bucket',
    's3://user:secret@bucket',
    's3://bucket/../x',
    's3://bucket?x=1',
  ])
    test(`is not ${address}`, () => {
      assert.throws(() => openStore(address, env), refusedAs('not-a-store'))
    })

  test('needs credentials from the environment, and an endpoint without any', () => {
    assert.throws(() => openStore('s3://bucket', {}), refusedAs('no-credentials'))
    assert.throws(() => openStore('s3://bucket', { ...env, AWS_SECRET_ACCESS_KEY: '' }), refusedAs('no-credentials'))
    const withUser = { ...env, AWS_ENDPOINT_URL_S3: 'https://a:secret@minio' }
    assert.throws(() => openStore('s3://bucket', withUser), refusedAs('not-a-store'))
  })
})

describe('the object of a run', () => {
  test('names its place, whatever the sweep and the run are called', () => {
    const name = fc.stringMatching(/^[a-zA-Z0-9_ü -][a-zA-Z0-9._ü -]{0,20}$/)
    fc.assert(fc.property(name, name, (sweep, run) => assert.deepEqual(placeOf(keyOf({ sweep, run })), { sweep, run })))
  })

  test('is no other object, and none that leads out of the results', () => {
    for (const key of [
      'a/b',
      'a.tar.gz',
      'a/b/c.tar.gz',
      '../b.tar.gz',
      '/b.tar.gz',
      'a/.tar.gz',
      'a/..tar.gz',
      'a/.b.tar.gz',
    ])
      assert.equal(placeOf(key), null, key)
  })
})

describe('a list of objects', () => {
  const page = (inside: string) =>
    `<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inside}</ListBucketResult>`

  test('has each object with its ETag, and says where it goes on', () => {
    const xml = page(
      '<IsTruncated>true</IsTruncated><NextContinuationToken>a&amp;b</NextContinuationToken><Contents><Key>x%2Fy+%26z</Key><ETag>&quot;1&quot;</ETag></Contents>\n<Contents><ETag>"2"</ETag><Key>w</Key></Contents>',
    )
    assert.deepEqual(parsedList(xml), {
      objects: [
        { key: 'x/y &z', etag: '"1"' },
        { key: 'w', etag: '"2"' },
      ],
      next: 'a&b',
    })
    assert.deepEqual(parsedList(page('<IsTruncated>false</IsTruncated>')), { objects: [], next: null })
  })

  test('is nothing else that a server may answer with 200', () => {
    for (const text of ['', '<html>login</html>', '{}']) assert.equal(parsedList(text), null)
  })
})
