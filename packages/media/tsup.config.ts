import { library } from '@ringfence/tooling/tsup';

export default library(['index', 'tones/index', 'testing/index']);
