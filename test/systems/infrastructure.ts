import { join } from 'node:path'
import { execa } from 'execa'
import { freePort } from '../../src/deployers/ports.ts'

/**
 * NATS and etcd on free ports of this machine: those that a script takes unless it is told where they are may be held by others here.
 */
export async function infrastructure(folder: string, address = '127.0.0.1') {
  const [nats, etcd, peer] = [await freePort(), await freePort(), await freePort()]
  const processes = [
    execa('nats-server', ['-js', '-a', address, '-p', String(nats), '-sd', join(folder, 'nats')], {
      reject: false,
    }),
    execa(
      'etcd',
      [
        ...['--data-dir', join(folder, 'etcd'), '--listen-client-urls', `http://${address}:${etcd}`],
        ...['--advertise-client-urls', `http://${address}:${etcd}`, '--listen-peer-urls', `http://127.0.0.1:${peer}`],
        ...[
          '--initial-advertise-peer-urls',
          `http://127.0.0.1:${peer}`,
          '--initial-cluster',
          `default=http://127.0.0.1:${peer}`,
        ],
      ],
      { reject: false },
    ),
  ]
  return {
    nats: `nats://${address}:${nats}`,
    etcd: `http://${address}:${etcd}`,
    close: async () => {
      for (const process of processes) process.kill('SIGTERM')
      await Promise.all(processes)
    },
  }
}
