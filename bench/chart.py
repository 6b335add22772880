"""A bar chart as SVG: each figure divided by its floor, or by that of a peer."""
from xml.sax.saxutils import escape

WIDTH, BAR, GAP, LEFT = 760, 18, 8, 330


def chart(title, rows):
    """rows: name, value, text, is_ours."""
    top = max(value for _, value, _, _ in rows)
    height = 44 + len(rows) * (BAR + GAP)
    out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d"'
           ' font-family="system-ui, sans-serif" font-size="13">' % (
               WIDTH, height, WIDTH, height),
           '<rect width="100%" height="100%" fill="#fff"/>',
           '<text x="8" y="24" font-size="15" font-weight="600" fill="#222">%s</text>'
           % escape(title)]
    y = 40
    for name, value, text, ours in rows:
        w = max(1, round((WIDTH - LEFT - 90) * value / top))
        out.append('<text x="%d" y="%d" text-anchor="end" fill="#222">%s</text>' % (
            LEFT - 8, y + BAR - 5, escape(name)))
        out.append('<rect x="%d" y="%d" width="%d" height="%d" rx="2" fill="%s"/>' % (
            LEFT, y, w, BAR, "#0b5d54" if ours else "#b9c4c2"))
        out.append('<text x="%d" y="%d" fill="#222">%s</text>' % (
            LEFT + w + 6, y + BAR - 5, escape(text)))
        y += BAR + GAP
    return "\n".join(out) + "\n</svg>\n"
