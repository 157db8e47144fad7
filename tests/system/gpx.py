"""gpx.py FILE TIME: a log of 1,000 positions, a second each from TIME (ISO 8601, UTC) on, as another program writes GPX."""
import datetime
import sys
import xml.etree.ElementTree as E

ns = "http://www.topografix.com/GPX/1/1"
E.register_namespace("", ns)
g = E.Element("{%s}gpx" % ns, version="1.1", creator="test")
s = E.SubElement(E.SubElement(g, "{%s}trk" % ns), "{%s}trkseg" % ns)
t0 = datetime.datetime.fromisoformat(sys.argv[2])
for i in range(1000):
    p = E.SubElement(s, "{%s}trkpt" % ns, lat="%.6f" % (43.2 + i * 1e-4), lon="%.6f" % (-76.9 - i * 2e-4))
    E.SubElement(p, "{%s}time" % ns).text = (t0 + datetime.timedelta(seconds=i)).isoformat() + "Z"
    E.SubElement(p, "{%s}fix" % ns).text = "3d"  # else gpsbabel marks it as none
E.ElementTree(g).write(sys.argv[1], xml_declaration=True, encoding="utf-8")
