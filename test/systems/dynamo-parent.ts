/**
 * A Fulcrum that brings a real Dynamo up, prints its process numbers as JSON, and waits to be killed. Arguments:
 * folder, ledger folder.
 */
import { dynamoDeployer } from '../../src/deployers/dynamo/dynamo.ts'
import { openLedger } from '../../src/process/ledger.ts'
import { aggregated, deployment, mocker, model, startedPids, watch } from './dynamo-deployment.ts'

const [runFolder = '.', folder = '.'] = process.argv.slice(2)
const ledger = await openLedger({ runFolder, folder })
const deployer = dynamoDeployer(mocker, { model: model.name, runFolder, ledger })
const context = watch(AbortSignal.timeout(200_000))
await deployer.reconcile(deployment(aggregated(1)), context)
console.log(JSON.stringify(startedPids(context.events)))
setInterval(() => {}, 1000)
