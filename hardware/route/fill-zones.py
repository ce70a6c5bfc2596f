"""Fills the pours of a board with KiCad's own filler and prints the fills (micrometres from the board's corner).

Run by hardware/route/fill.ts after routing, with KiCad's Python module; the result is committed as
hardware/routed/fills.json, so that nobody needs KiCad to build. Usage: fill-zones.py board.kicad_pcb x y
(x, y: where the board's corner lies on KiCad's page, in millimetres).
"""

import json
import sys

import pcbnew

NANOMETRES_PER_MICROMETRE = 1000


def outlines(zone, origin):
    """Outlines of a zone's filled areas; holes are already joined to them by KiCad."""
    for layer in zone.GetLayerSet().Seq():
        poly = zone.GetFilledPolysList(layer)
        for index in range(poly.OutlineCount()):
            line = poly.Outline(index)
            points = []
            for corner in range(line.PointCount()):
                point = line.CPoint(corner)
                points.append(round((point.x - origin[0]) / NANOMETRES_PER_MICROMETRE, 1))
                points.append(round((point.y - origin[1]) / NANOMETRES_PER_MICROMETRE, 1))
            yield points


def main():
    board = pcbnew.LoadBoard(sys.argv[1])
    origin = [pcbnew.FromMM(float(value)) for value in sys.argv[2:4]]
    zones = [zone for zone in board.Zones() if not zone.GetIsRuleArea()]
    pcbnew.ZONE_FILLER(board).Fill(board.Zones())
    fills = {zone.GetZoneName(): list(outlines(zone, origin)) for zone in zones}
    json.dump(fills, sys.stdout)


main()
