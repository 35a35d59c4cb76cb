/** Versions of ai-dynamo with `dynamo serve` that Fulcrum's own tests run. */
export const testedDynamo: readonly string[] = ['0.3.1']
