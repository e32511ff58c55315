"""nginx's production files on free ports, with a certificate made for them."""

import re
import subprocess

from stack import ROOT


def write(directory, http, https, socket="/run/sessiond/worker.sock"):
    """Writes the files into a directory, where `nginx.conf` includes them; the ports are of this machine alone."""
    for source in (ROOT / "nginx").iterdir():
        (directory / source.name).write_text(source.read_text())
    key, certificate = directory / "key.pem", directory / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=example.org", "-keyout", key]
    subprocess.run([*command, "-out", certificate], check=True, capture_output=True)
    conf = (directory / "sessiond.conf").read_text()
    for name, path in (("ssl_certificate", certificate), ("ssl_certificate_key", key)):
        conf = re.sub(rf"{name} +\S+;", f"{name} {path};", conf)
    conf = conf.replace("/var/log/nginx", str(directory)).replace("/run/sessiond/worker.sock", socket)
    conf = re.sub(r"listen +\[::\]:[^;]*;", "", conf)
    conf = re.sub(r"listen( +)80;", rf"listen\g<1>127.0.0.1:{http};", conf)
    conf = re.sub(r"listen( +)443 ", rf"listen\g<1>127.0.0.1:{https} ", conf)
    conf = conf.replace("listen 127.0.0.1:9850;", f"listen unix:{directory}/operations.sock;")
    (directory / "sessiond.conf").write_text(conf)
    kinds = ("client_body", "fastcgi", "proxy", "scgi", "uwsgi")
    own = "".join(f"{kind}_temp_path {directory}/{kind}; " for kind in kinds) + f"access_log {directory}/access.log;"
    main = f"pid {directory}/nginx.pid;\nevents {{}}\nhttp {{ {own} include sessiond.conf; }}\n"
    (directory / "nginx.conf").write_text(main)
