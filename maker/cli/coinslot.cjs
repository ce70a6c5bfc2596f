#!/usr/bin/env node
'use strict';
// The command as npm installs it: TypeScript is compiled as it is loaded.
require('tsx/cjs');
require('./main.ts');
