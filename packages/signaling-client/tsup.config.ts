import { library } from '@ringfence/tooling/tsup';

export default library(['index', 'device-id', 'testing/index']);
