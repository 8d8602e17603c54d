import { library } from '@ringfence/tooling/tsup';

export default {
  ...library(['index', 'supervisor/index', 'supervisor/child-side/index', 'testing/index']),
  tsconfig: 'tsconfig.node.json',
};
