"""The annotations service: projects, tasks, leases, drafts, submissions and gold."""
