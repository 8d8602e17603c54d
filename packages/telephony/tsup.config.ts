import { library } from '@ringfence/tooling/tsup';

export default library([
  'index',
  'bin',
  'client/index',
  'worker/index',
  'worker/main',
  'testing/index',
]);
