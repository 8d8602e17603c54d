import { library } from '@ringfence/tooling/tsup';

export default library(['index', 'ringer/index', 'texts/index', 'testing/index']);
