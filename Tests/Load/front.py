"""The project's nginx files, turned into those for a peer that needs something else than sessiond."""

import re

PROTOCOLS = {
    "fastcgi": [],
    "uwsgi": [
        (r"fastcgi_keep_conn\s[^;]*;", ""),
        (r"\bfastcgi_(?!temp_path)", "uwsgi_"),
    ],
    "proxy": [
        (r"fastcgi_keep_conn\s[^;]*;", 'proxy_http_version 1.1;\n    proxy_set_header Connection "";'),
        (r"fastcgi_param\s+HTTP_(\w+)(\s+[^;]*?)(?:\s+if_not_empty)?;",
         lambda found: f"proxy_set_header {found[1].replace('_', '-')}{found[2]};"),
        (r"fastcgi_param\s[^;]*;", ""),
        (r"fastcgi_pass\s+", "proxy_pass http://"),
        (r"\bfastcgi_(?!temp_path)", "proxy_"),
    ],
}
"""What to replace for each protocol: nginx has the same directives for all, but of FastCGI's parameters HTTP knows only
those that are headers. The directories for temporary files are there for every protocol already."""


def nginx_text(text, peer, parameters):
    """One file as this peer needs it; `parameters` are its own, beside sessiond's or instead of them."""
    if peer.keepalive is None:
        pass
    elif peer.keepalive:
        text = re.sub(r"\bkeepalive\s+\d+;", f"keepalive {peer.keepalive};", text)
    else:
        text = re.sub(r"\bkeepalive\s+\d+;", "", text)
        text = re.sub(r"(fastcgi_keep_conn\s+)on;", r"\1off;", text)
    for name, value in parameters.items():
        text = re.sub(rf"fastcgi_param\s+{name}\s[^;]*;", "", text)
        text = re.sub(r"(?=\bfastcgi_pass\s)", f'fastcgi_param {name} "{value}";\n    ', text)
    for pattern, replacement in PROTOCOLS[peer.protocol]:
        text = re.sub(pattern, replacement, text)
    return text
