import { library } from '@ringfence/tooling/tsup';

export default library(['index', 'testing/index']);
