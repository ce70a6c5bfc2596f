/**
 * The first words of the bundle: from here on no port leads to Espruino's prompt. Until then its default console hears
 * Serial1, the host's port, and Ctrl-C there would break off whatever runs (src/jsinteractive.c, jsiCtrlC); so nothing
 * may stand before this. main.ts gives a console back on the bench, to a module without an identity.
 */
E.setConsole(null, { force: true });
