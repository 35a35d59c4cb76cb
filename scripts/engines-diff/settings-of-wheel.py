"""Prints the settings of an engine as its published wheel defines them, as JSON: {"version": ..., "settings": [...]}.

Arguments: package, version ("newest" for the newest release), patterns of source files in the wheel, separated by
commas, and names of classes ("*" for all). Of a wheel on PyPI, only its directory and those files are fetched. They are
parsed, never run: settings are the long options given to add_argument, the annotated fields of the classes, and the long
options in their annotations.
"""
import ast
import fnmatch
import io
import json
import re
import sys
import urllib.request
import zipfile

INDEX = 'https://pypi.org/simple'
TIMEOUT_S = 60


class Remote(io.RawIOBase):
    """A file behind a URL, read in ranges of at least 256 KiB."""

    def __init__(self, url):
        self.url, self.at, self.start, self.bytes = url, 0, 0, b''
        with self.ask('bytes=-1') as answer:
            if answer.status != 206:
                sys.exit(f'{url}: the server does not serve parts of a file')
            self.size = int(answer.headers['Content-Range'].rpartition('/')[2])

    def ask(self, part):
        return urllib.request.urlopen(urllib.request.Request(self.url, headers={'Range': part}), timeout=TIMEOUT_S)

    def seekable(self):
        return True

    def readable(self):
        return True

    def tell(self):
        return self.at

    def seek(self, offset, whence=0):
        self.at = offset + (0, self.at, self.size)[whence]
        return self.at

    def readinto(self, into):
        end = min(self.at + len(into), self.size)
        if not (self.start <= self.at and end <= self.start + len(self.bytes)):
            self.start, last = self.at, min(max(end, self.at + 2**18), self.size) - 1
            if last < self.at:
                return 0
            with self.ask(f'bytes={self.at}-{last}') as answer:
                self.bytes = answer.read()
        part = self.bytes[self.at - self.start : end - self.start]
        into[: len(part)] = part
        self.at += len(part)
        return len(part)


def numbers(version):
    return [int(part) for part in re.findall(r'\d+', version)]


def wheel(package, version):
    """Version and URL of the wheel: for x86_64, or for any machine."""
    ask = urllib.request.Request(f'{INDEX}/{package}/', headers={'Accept': 'application/vnd.pypi.simple.v1+json'})
    with urllib.request.urlopen(ask, timeout=TIMEOUT_S) as answer:
        files = json.load(answer)['files']
    found = {}
    for file in files:
        match = re.fullmatch(r'[^-]+-(\d+(?:\.\d+)*(?:\.post\d+)?)-.*(?:x86_64|none-any)\.whl', file['filename'])
        if match and not file.get('yanked'):
            found[match[1]] = file['url']
    if not found:
        sys.exit(f'{package}: the index has no wheel, only {files[-1]["filename"] if files else "nothing"}')
    wanted = max(found, key=numbers) if version == 'newest' else version
    if wanted not in found:
        sys.exit(f'{package}: the index has no wheel of {wanted}; the newest is {max(found, key=numbers)}')
    return wanted, found[wanted]


def settings(source, classes):
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, 'attr', None) == 'add_argument':
            names.update(options(node.args))
        if isinstance(node, ast.ClassDef) and (node.name in classes or '*' in classes):
            for field in node.body:
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                    names.add(field.target.id)
                    names.update(options(ast.walk(field.annotation)))
    return {name for name in names if not name.startswith('_')}


def options(nodes):
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [text[2:].replace('-', '_') for text in texts if re.fullmatch(r'--[a-z0-9-]+', text)]


package, version, patterns, *classes = sys.argv[1:]
version, url = wheel(package, version)
with zipfile.ZipFile(io.BufferedReader(Remote(url), 2**18)) as archive:
    names = [name for name in archive.namelist() if any(fnmatch.fnmatchcase(name, p) for p in patterns.split(','))]
    if not names:
        sys.exit(f'{package} {version}: the wheel has no {patterns}')
    found = set().union(*(settings(archive.read(name).decode(), classes) for name in names))
json.dump({'version': version, 'settings': sorted(found)}, sys.stdout)
