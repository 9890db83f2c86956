"""posit-sdk against the stand-in for a Connect server.

tests/cli/stand_in_clients.rs starts the server and runs this with CONNECT_SERVER, CONNECT_API_KEY
and the guids GOOD (a Shiny app), BAD (its builds fail) and DOCUMENT (rendered) set.
"""

import os
import unittest

from posit import connect
from posit.connect.errors import ClientError

GOOD, BAD, DOCUMENT = (os.environ[name] for name in ("GOOD", "BAD", "DOCUMENT"))


class PositSdk(unittest.TestCase):
    def setUp(self):
        self.client = connect.Client()

    def test_who_and_what(self):
        self.assertEqual(self.client.me["user_role"], "administrator")
        self.assertEqual(self.client.version, "2026.04.0")
        self.assertEqual(len(self.client.users.find()), self.client.users.count())
        self.assertEqual(self.client.groups.find_one()["name"], "analysts")

    def test_wrong_key(self):
        with self.assertRaises(ClientError) as raised:
            connect.Client(os.environ["CONNECT_SERVER"], "wrong").me
        self.assertEqual(raised.exception.http_status, 401)
        self.assertEqual(raised.exception.error_code, 30)

    def test_content(self):
        items = self.client.content.find(include=["owner", "tags", "vanity_url"])
        self.assertEqual(len(items), self.client.content.count())
        good = next(item for item in items if item["guid"] == GOOD)
        self.assertEqual(good["owner"]["guid"], good["owner_guid"])
        self.assertEqual([tag["name"] for tag in good["tags"]], ["Finance"])
        self.assertTrue(good["vanity_url"].endswith("/sales/"))
        found = self.client.content.find_one(name=good["name"])
        self.assertEqual(found["guid"], GOOD)
        with self.assertRaises(ClientError) as raised:
            self.client.content.get("00000000-0000-4000-8000-000000000000")
        self.assertEqual((raised.exception.http_status, raised.exception.error_code), (404, 4))

    def test_content_around(self):
        item = self.client.content.get(GOOD)
        self.assertEqual(item.environment_variables.find(), ["A_KEY"])
        item.environment_variables.create("ANOTHER", "secret")
        self.assertEqual(item.environment_variables.find(), ["ANOTHER", "A_KEY"])
        item.environment_variables.delete("ANOTHER")
        self.assertEqual(item.permissions.find_one()["principal_guid"], item["owner_guid"])
        self.assertEqual(item.vanity, "/sales/")
        self.assertIn("/sales/", [vanity["path"] for vanity in self.client.vanities.all()])
        self.assertTrue(list(item.packages.fetch()))
        self.assertTrue(list(self.client.packages.fetch()))
        self.assertTrue(item.tags.find())
        item.update(title="A better title", min_processes=1)
        self.assertEqual(self.client.content.get(GOOD)["min_processes"], 1)

    def test_bundles(self):
        item = self.client.content.get(GOOD)
        active = item.bundles.active()
        self.assertEqual(active["id"], item["bundle_id"])
        self.assertEqual(item.bundles.get(active["id"])["size"], active["size"])
        archive = bytes.fromhex("1f8b") + b"not really"
        uploaded = item.bundles.create(archive)
        self.assertFalse(uploaded["active"])
        self.assertEqual(item.bundles.find_one()["id"], uploaded["id"])
        task = uploaded.deploy()
        task.wait_for(wait=5)
        self.assertEqual(task["code"], 0)
        self.assertEqual(self.client.content.get(GOOD)["bundle_id"], uploaded["id"])

    def test_build_and_jobs(self):
        answer = self.client.post(f"v1/content/{BAD}/build", json={}).json()
        task = self.client.tasks.get(answer["task_id"])
        task.wait_for(wait=5)
        self.assertTrue(task.is_finished)
        self.assertEqual(task["result"]["type"], "build-failed-error")
        self.assertNotEqual(task["code"], 0)
        self.assertTrue(task["output"])
        jobs = self.client.content.get(BAD).jobs
        newest = list(jobs.fetch())[0]
        self.assertEqual((newest["tag"], newest["exit_code"]), ("python_restore", 1))
        self.assertEqual(jobs.find(newest["key"])["id"], newest["id"])
        with self.assertRaises(ClientError) as raised:
            newest.destroy()
        self.assertEqual(raised.exception.http_status, 409)

    def test_render(self):
        task = self.client.content.get(DOCUMENT).render()
        task.wait_for(wait=5)
        self.assertEqual(task["code"], 0)

    def test_restart(self):
        item = self.client.content.get(GOOD)
        item.restart()
        running = item.jobs.find_by(tag="run_app", status=0)
        self.assertIsNotNone(running)

    def test_usage(self):
        shiny = self.client.metrics.usage.find(content_guid=GOOD)
        self.assertEqual(len(shiny), 3)
        # More than a page of the largest size.
        visits = self.client.metrics.usage.find(content_guid=BAD)
        self.assertEqual(len(visits), 600)
        hits = list(self.client.metrics.hits.fetch())
        self.assertGreaterEqual(len(hits), 603)

    def test_environments(self):
        environments = list(self.client.environments.fetch())
        self.assertEqual({one["cluster_name"] for one in environments}, {"Kubernetes"})
        first = environments[0]
        self.assertEqual(self.client.environments.find(first["guid"])["name"], first["name"])

    def test_caches(self):
        runtime = self.client.system.caches.runtime
        cache = next(one for one in runtime.find() if one["image_name"] == "Local")
        cache.destroy(dry_run=True)
        self.assertIn(cache, runtime.find())
        task = cache.destroy()
        task.wait_for(wait=5)
        self.assertEqual(task["output"][-1], "Successfully deleted runtime cache")
        self.assertNotIn(cache, runtime.find())


if __name__ == "__main__":
    unittest.main()
