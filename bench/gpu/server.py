"""An OpenAI-shaped streaming server: each token multiplies matrices on the GPU where PyTorch is there. Argument: port."""
import json, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
try:
    import torch
    one = torch.randn(8192, 8192, device='cuda', dtype=torch.bfloat16)
    held = torch.empty(2 << 30, device='cuda', dtype=torch.uint8)
except Exception as error:
    print('no GPU work:', error, file=sys.stderr)
    torch = None
turn = threading.Lock()
def work():
    if torch is None:
        time.sleep(0.01)
        return
    with turn:
        for _ in range(3):
            one @ one
        torch.cuda.synchronize()
class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def log_message(self, *_):
        pass
    def whole(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header('content-type', 'application/json')
        self.send_header('content-length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        if self.path == '/v1/models':
            return self.whole({'object': 'list', 'data': [{'id': 'm'}]})
        self.send_response(404)
        self.send_header('content-length', '0')
        self.end_headers()
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers['content-length'])))
        count = asked.get('max_tokens') or asked.get('max_completion_tokens') or 32
        usage = {'prompt_tokens': 100, 'completion_tokens': count, 'total_tokens': 100 + count}
        if not asked.get('stream'):
            work()
            message = {'role': 'assistant', 'content': 'x ' * count}
            return self.whole({'choices': [{'index': 0, 'message': message, 'finish_reason': 'length'}], 'usage': usage})
        self.send_response(200)
        self.send_header('content-type', 'text/event-stream')
        self.send_header('transfer-encoding', 'chunked')
        self.end_headers()
        def say(text):
            data = ('data: %s\n\n' % text).encode()
            self.wfile.write(b'%x\r\n%s\r\n' % (len(data), data))
        for _ in range(count):
            work()
            say(json.dumps({'choices': [{'index': 0, 'delta': {'content': 'x '}, 'finish_reason': None}]}))
        say(json.dumps({'choices': [], 'usage': usage}))
        say('[DONE]')
        self.wfile.write(b'0\r\n\r\n')
ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()
