// The smallest model server that the data plane can run: it answers probes and predictions on the port that it is given.
import { createServer } from 'node:http'

createServer((request, response) => {
  request.resume()
  response.setHeader('content-type', 'application/json')
  response.end(request.url === '/healthz' ? '{"status":"ok"}' : '{"score":0.5,"prediction":false}')
}).listen(Number(process.env.PORT), '127.0.0.1')
