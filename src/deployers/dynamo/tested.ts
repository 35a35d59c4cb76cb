/** Versions of ai-dynamo, including frontend and router, that Fulcrum's own tests run. */
export const testedDynamo: readonly string[] = ['1.4.2', '1.6.1']
