/** KiCad's own checks of the written files, where KiCad 9 is installed; `npm run hardware:check` runs all of them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KicadProject, kicadVersion } from '../../hardware/check/kicad';
import { libraryCheck } from '../../hardware/check/library-check';
import { coinslotDesign, footprintsOf, symbolsOf } from '../../hardware/files';
import { changed, GENERATED } from './board-files';

const withKicad = kicadVersion() === undefined ? describe.skip : describe;

withKicad('KiCad 9 (skipped where it is not installed)', () => {
  const project = new KicadProject(join(GENERATED, 'kicad'));
  afterAll(() => project.remove());

  it('finds no electrical fault, and does find a label that is misspelt', () => {
    expect(project.erc()).toEqual([]);
    const sheet = project.read('controller.kicad_sch');
    writeFileSync(
      project.path('controller.kicad_sch'),
      changed(sheet, (text) => text.replace('global_label "NRST"', 'global_label "NRTS"')),
    );
    expect(project.erc()).not.toEqual([]);
    writeFileSync(project.path('controller.kicad_sch'), sheet);
  });

  it('knows the same pins and pads in its own libraries', () => {
    const design = coinslotDesign();
    const { faults, symbols, footprints } = libraryCheck(symbolsOf(design), footprintsOf(design));
    expect(faults).toEqual([]);
    expect([symbols, footprints]).toEqual([20, 44]);
  });
});
