// What people would otherwise write: Express, and one PutItem a click, answered when DynamoDB has it.
// PORT and ENDPOINT say where it listens and where DynamoDB is.

const { DynamoDBClient, PutItemCommand } = require("@aws-sdk/client-dynamodb");
const express = require("express");

const dynamodb = new DynamoDBClient({
  region: "eu-north-1",
  endpoint: process.env.ENDPOINT,
  credentials: { accessKeyId: "local", secretAccessKey: "local" },
});
const app = express();
app.use(express.json());

app.post("/clicks", async (request, response) => {
  const click = request.body;
  if (!click.id || !click.button || !click.timestamp || !click.pageUrl) {
    response.status(400).json({ accepted: 0 });
    return;
  }
  await dynamodb.send(
    new PutItemCommand({
      TableName: "clicks",
      Item: {
        pk: { S: click.timestamp.slice(0, 10) },
        sk: { S: `${click.timestamp}#${click.id}` },
        item: { S: JSON.stringify({ ...click, userAgent: request.get("user-agent") }) },
      },
    }),
  );
  response.json({ accepted: 1 });
});

app.listen(Number(process.env.PORT), "127.0.0.1");
