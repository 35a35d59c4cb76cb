import type { Arguments } from '../arguments.ts'
import type { MultinodeLaunch } from '../define-engine.ts'
import { rayRanks } from './ray.ts'

const sizeOf = (args: Arguments, ...names: readonly string[]): number | null => {
  const said = names.map(name => args[name]).find(value => value !== undefined)
  return said === undefined ? null : Number(said)
}

const isRay = (args: Arguments) => args['distributed-executor-backend'] === 'ray'

/**
 * Runs one model on several nodes with vLLM's multiprocessing executor (`--nnodes`), unless the settings choose Ray: the
 * first node serves, and the others only run workers (`--headless`). If a data parallel rank fits on a node, each node
 * runs and serves its share of the ranks (`--data-parallel-hybrid-lb`), and each registers with Dynamo. Dynamo's operator
 * decides in the same way.
 */
export const vllmMultinode: MultinodeLaunch = {
  ranks: (args, { nodes, gpusPerNode }) => {
    if (isRay(args)) return rayRanks
    const sizes = ['tensor-parallel-size', 'pipeline-parallel-size', 'prefill-context-parallel-size']
    const model = sizes.reduce((product, name) => product * (sizeOf(args, name) ?? 1), 1)
    const data = sizeOf(args, 'data-parallel-size') ?? 1
    if (data > 1 && model <= gpusPerNode) {
      const here = sizeOf(args, 'data-parallel-size-local') ?? Math.floor(data / nodes)
      return {
        registers: nodes,
        argumentsOf: ({ rank, head }) => ({
          'data-parallel-hybrid-lb': true,
          'data-parallel-size-local': here,
          'data-parallel-start-rank': rank * here,
          'data-parallel-address': head.address,
          'data-parallel-rpc-port': head.port,
        }),
      }
    }
    return {
      registers: 1,
      argumentsOf: ({ rank, head }) => ({
        'distributed-executor-backend': 'mp',
        nnodes: nodes,
        'node-rank': rank,
        'master-addr': head.address,
        'master-port': head.port,
        headless: rank > 0,
      }),
    }
  },
  // By default, a rank announces its machine's outward address.
  environmentOf: ({ address }) => ({ VLLM_HOST_IP: address }),
  // The operator's own `--distributed-executor-backend` comes last, so it wins over the settings'.
  annotations: args => (isRay(args) ? { 'nvidia.com/vllm-distributed-executor-backend': 'ray' } : {}),
  packages: args => (isRay(args) ? ['ray'] : []),
}
