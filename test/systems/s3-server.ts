import { access, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { execa } from 'execa'
import { freePort } from '../../src/deployers/ports.ts'

const program = process.env.VERSITYGW ?? join(import.meta.dirname, '../../.systems/go/bin/versitygw')

/** Why there is no S3 server here; false when there is. */
export const noS3Server: false | string = await access(program).then(
  () => false,
  () => 'versitygw is not under .systems/go/bin: npm run systems builds it where Go is',
)

export const accessKey = { AWS_ACCESS_KEY_ID: 'fulcrum-test', AWS_SECRET_ACCESS_KEY: 'a-secret-that-nobody-may-see' }

/** An S3 server of its own over a folder, with one bucket `runs`. */
export async function startS3Server(folder: string) {
  const data = join(folder, 'data')
  const sidecar = join(folder, 'sidecar')
  await mkdir(join(data, 'runs'), { recursive: true })
  await mkdir(sidecar, { recursive: true })
  const port = await freePort()
  const start = () =>
    execa(program, ['--port', `127.0.0.1:${port}`, '--quiet', 'posix', '--sidecar', sidecar, data], {
      env: { ROOT_ACCESS_KEY: accessKey.AWS_ACCESS_KEY_ID, ROOT_SECRET_KEY: accessKey.AWS_SECRET_ACCESS_KEY },
      reject: false,
      all: true,
    })
  const answers = async () => {
    for (let tries = 0; tries < 600; tries++) {
      // Any answer will do: without a signature it refuses.
      if (
        await fetch(`http://127.0.0.1:${port}/runs`).then(
          response => response.text(),
          () => null,
        )
      )
        return
      await wait(50)
    }
    throw new Error('the S3 server does not answer')
  }
  let server = start()
  await answers()
  return {
    port,
    /** What a store is opened with. */
    env: { ...accessKey, AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}` },
    /** Where its bucket lies. */
    bucket: join(data, 'runs'),
    async stop() {
      server.kill('SIGTERM', new Error('the test ends'))
      await server
    },
    async startAgain() {
      server = start()
      await answers()
    },
    async [Symbol.asyncDispose]() {
      await this.stop()
    },
  }
}
