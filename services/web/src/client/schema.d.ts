// Written by `npm run gen:api` from docs/openapi.json; never edited.
export interface paths {
    "/admin/dead-letters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Dead Letters
         * @description Events that no retry could help, of all services, newest first.
         */
        get: operations["listDeadLetters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/dead-letters/{letter_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Dead Letter
         * @description One dead letter with the traceback that buried it.
         */
        get: operations["readDeadLetter"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/dead-letters/{letter_id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Replay Dead Letter
         * @description Publish a dead letter again, once its cause is mended. Consumers that have applied the event skip it.
         */
        post: operations["replayDeadLetter"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Users
         * @description All accounts, oldest first.
         */
        get: operations["listUsers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/users/{user_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Erase User
         * @description Erase an account on its person's request: address, name, password, sessions, keys and memberships. Drawings stay under
         *     the rater's random number, which then leads to nobody.
         */
        delete: operations["eraseUser"];
        options?: never;
        head?: never;
        /**
         * Change User
         * @description Change an account's role, or lock it out (which ends its sessions at once).
         */
        patch: operations["changeUser"];
        trace?: never;
    };
    "/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Audit
         * @description Who did what, newest first: a project's log for its lab, everything for an operator.
         */
        get: operations["listAudit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/consent": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give Consent
         * @description Accept the current consent.
         */
        post: operations["giveConsent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/guest": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start As Guest
         * @description Go on as a guest: a rater without address and password.
         */
        post: operations["startAsGuest"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Log In
         * @description Start a session. An unknown address takes as long and answers the same as a wrong password.
         */
        post: operations["logIn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Log Out
         * @description End this session, at once.
         */
        post: operations["logOut"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Me
         * @description Who is logged in, with the CSRF token of this session.
         */
        get: operations["readMe"];
        put?: never;
        post?: never;
        /**
         * Erase Me
         * @description Erase your account: address, name, password, sessions, keys and memberships, at once and for good.
         *
         *     What you drew stays under your rater's random number, which then leads to nobody.
         */
        delete: operations["eraseMe"];
        options?: never;
        head?: never;
        /**
         * Change Me
         * @description Change your name, or whether it may stand on leaderboards.
         */
        patch: operations["changeMe"];
        trace?: never;
    };
    "/auth/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Change Password
         * @description Change the password; ends every session of the account and starts a new one here.
         */
        post: operations["changePassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/register": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Register
         * @description Sign up. With a guest's session the guest's rater and drawings go over to the account.
         */
        post: operations["register"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/consent": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Consent
         * @description The consent that a rater must accept.
         */
        get: operations["readConsent"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/datasets/{dataset_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One dataset */
        get: operations["getDataset"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/datasets/{dataset_id}/download": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The dataset as ZIP, resumable
         * @description Streamed; one byte range is answered with 206, so that a download that broke goes on where it was.
         */
        get: operations["download"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/datasets/{dataset_id}/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Build a dataset again and compare
         * @description A job that builds it from the events of then; `result.same` tells whether every file came out the same.
         */
        post: operations["verifyDataset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Stream Events
         * @description Progress as it happens, for experts and labs of a project (all of one's projects without `project_id`). Live only: after
         *     a gap (`event: lagged`, or a reconnect) read the state anew.
         */
        get: operations["streamEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/images/{image_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Image
         * @description One image, without its pixels.
         */
        get: operations["getImage"];
        put?: never;
        post?: never;
        /**
         * Delete Image
         * @description Delete an image, and its file with the last image of it (role lab). It can't be undone.
         *
         *     Nobody is asked about it any more: its task ends, also for who draws on it just now, and new datasets leave it out.
         */
        delete: operations["deleteImage"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/images/{image_id}/consensus": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Consensus
         * @description An image's consensus. For members with role expert, and for raters who have answered for the image.
         */
        get: operations["getConsensus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/images/{image_id}/consensus/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get History
         * @description Versions, what the platform decided and why, and what experts said; newest first, 200 of each (role expert).
         */
        get: operations["getHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/images/{image_id}/consensus/review": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Review
         * @description Accept an image's consensus, fix it with masks of your own, or send it back to the raters (role expert).
         */
        post: operations["review"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/images/{image_id}/consensus/versions/{version}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Version
         * @description One version as it was published, and whether computing it again from the votes gives the same bytes (role expert).
         */
        get: operations["getVersion"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/images/{image_id}/consensus/{label_id}/probability": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Probability
         * @description Per-pixel probability of a label (role expert).
         */
        get: operations["getProbability"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/images/{image_id}/embedding": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Embedding
         * @description What the model's decoder needs of the image: an uncompressed `.npz`, fp16, bound to a model version.
         *
         *     With model and version it never changes and may be kept; without a version it is the one that the asker works with.
         */
        get: operations["embedding"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/images/{image_id}/frame": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Frame
         * @description The frame as people see it: 8-bit PNG in the pixel grid in which masks live. It never changes.
         */
        get: operations["getFrame"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/images/{image_id}/neighbours": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Neighbours
         * @description The frames before and after this one in its stack of slices, where they have its size; null at an end.
         *
         *     A file of several frames is a stack; so are files of one group whose names differ in their last number only.
         */
        get: operations["getNeighbours"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/images/{image_id}/original": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Original
         * @description The uploaded file, byte for byte; DICOM as it is after de-identification (role lab). Takes a Range.
         */
        get: operations["getOriginal"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/images/{image_id}/proposals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Proposals
         * @description Base annotation without a prompt, best first. Empty until the project has a few accepted consensus images, and
         *     where no proposal is good enough to help rather than mislead.
         */
        get: operations["proposals"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/images/{image_id}/segment": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Segment
         * @description A mask for points, a box, scribbles or a mask to correct. 503 with Retry-After when too many ask at once.
         */
        post: operations["segment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/images/{image_id}/thumbnail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Thumbnail
         * @description A small picture, at most 256 pixels a side.
         */
        get: operations["getThumbnail"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs/{job_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One job */
        get: operations["getJob"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs/{job_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel a job
         * @description Stops it within seconds. Nothing of it is published; a generator that it had finished stays.
         */
        post: operations["cancelJob"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs/{job_id}/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What a generator in training draws (PNG)
         * @description At its newest checkpoint, the job's `preview_step`: always for the same masks and noise. 404 before the first one.
         */
        get: operations["jobPreview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs/{job_id}/report": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The report of a finished study (HTML)
         * @description As an attachment. 404 for a job that is no study, and for a study that hasn't finished.
         */
        get: operations["jobReport"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Keys
         * @description Your API keys, never a secret.
         */
        get: operations["listKeys"];
        put?: never;
        /**
         * Create Key
         * @description Make an API key; its secret is shown once.
         */
        post: operations["createKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/keys/{key_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke Key
         * @description Revoke a key; its next request is answered 401.
         */
        delete: operations["revokeKey"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/leases/{lease_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Give Back
         * @description Give the place back; the image may be offered to you again.
         */
        delete: operations["giveBack"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/leases/{lease_id}/draft": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Draft
         * @description Your draft of the lease's image.
         */
        get: operations["getDraft"];
        /**
         * Put Draft
         * @description Keep the unfinished drawing. It outlives the lease, and comes back with your next lease on that image.
         */
        put: operations["putDraft"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/leases/{lease_id}/renew": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Renew
         * @description Let the lease run for its full time from now. One that ran out comes back to life if its place is still free, else 410.
         */
        post: operations["renew"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/leases/{lease_id}/skip": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Skip
         * @description Not this image: it isn't offered to you again. "Nothing here" is an answer, not a skip.
         */
        post: operations["skip"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/leases/{lease_id}/submissions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Submit
         * @description Answer the image. Durable when it is acknowledged; repeat it with the same client_key as often as you like.
         */
        post: operations["submit"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/me/notes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * My Notes
         * @description What you told labs, and what they replied; newest first.
         */
        get: operations["myNotes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/me/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * My Stats
         * @description Your own figures, of one project or of all. `gold_dice` is the mean with its 95 % interval.
         */
        get: operations["myStats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/me/work": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * My Work
         * @description Your answers, newest first.
         */
        get: operations["myWork"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/me/work/{submission_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One Of Mine
         * @description What you drew, and beside it the consensus once the image has all its answers. Once you have seen it, your answer stands.
         */
        get: operations["oneOfMine"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Models
         * @description The models that can be named in a prompt, in the versions that the asker works with.
         */
        get: operations["listModels"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/models/{name}/{version}/model.onnx": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Weights
         * @description The weights of a model that runs in the browser. Never changes under this address.
         */
        get: operations["weights"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Projects
         * @description Projects that you may see: the open ones, and those you are a member of.
         */
        get: operations["listProjects"];
        put?: never;
        /**
         * Create Project
         * @description Create a project (role lab).
         */
        post: operations["createProject"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects/{project_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Project
         * @description A project with its label schema and counts.
         */
        get: operations["getProject"];
        put?: never;
        post?: never;
        /**
         * Archive Project
         * @description Archive a project: nothing is handed out any more, and nothing is deleted.
         */
        delete: operations["archiveProject"];
        options?: never;
        head?: never;
        /**
         * Patch Project
         * @description Change a project (its lab). A label that was answered with can't be removed.
         */
        patch: operations["patchProject"];
        trace?: never;
    };
    "/projects/{project_id}/advice": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Advice
         * @description What you may change about your outlines, as far as you haven't been told: each thing once, and only where it is sure.
         */
        get: operations["getAdvice"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects/{project_id}/advice/{advice_id}/seen": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Seen
         * @description You have read it: it isn't shown again.
         */
        post: operations["seen"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects/{project_id}/appeal": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Appeal
         * @description Begin to practise again, to have your answers count fully: on images that you haven't seen, of each the first try counts.
         *
         *     The one that you have begun is answered again. 409 `not-quarantined`; 409 `no-fresh-practice` where too few images are new to you.
         */
        post: operations["appeal"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects/{project_id}/consensus": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Consensus
         * @description The newest consensus of every image, one item a label (role expert).
         */
        get: operations["listConsensus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects/{project_id}/consensus/budget": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Budget
         * @description How many more labels bring a share of the images to an expected Dice, with a 90 % interval (role expert).
         */
        get: operations["getBudget"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects/{project_id}/consensus/instances": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Download Instances
         * @description Every object by itself, as COCO with one annotation an object (role expert).
         *
         *     For labels of which an image shows several: parts are matched across raters by overlap and merged one by one, as by
         *     `bramble consensus --instances`. `score` is predicted Dice, `drawn` how many of `raters` drew the object.
         */
        get: operations["downloadInstances"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects/{project_id}/consensus/masks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Download Masks
         * @description All consensus masks with their probability maps as a streamed ZIP (role expert).
         */
        get: operations["downloadMasks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects/{project_id}/consensus/recompute": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Recompute
         * @description Estimate the raters anew and merge every image again, with another method if one is given (role lab).
         */
        post: operations["recompute"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects/{project_id}/datasets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Published datasets, newest first */
        get: operations["listDatasets"];
        put?: never;
        /**
         * Publish a dataset
         * @description A job that builds it. The same content under the same name is published once; new content is the next version.
         */
        post: operations["createDataset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects/{project_id}/game": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The game as a player finds it */
        get: operations["getGame"];
        /**
         * Open or close the real-or-synthetic game
         * @description Volunteers may start rounds while it is open; rounds that they have begun can be finished after. Answers are kept.
         */
        put: operations["putGame"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects/{project_id}/game/results": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What the game's answers say
         * @description Accuracy with its interval next to chance, of the generator's finished rounds (empty: of the newest generator).
         */
        get: operations["gameResults"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects/{project_id}/generators": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Trained generators, newest first */
        get: operations["listGenerators"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects/{project_id}/gold": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Gold
         * @description Gold images with their masks (its lab).
         */
        get: operations["listGold"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects/{project_id}/gold/{image_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Gold
         * @description The true masks of a gold image (its lab).
         */
        get: operations["getGold"];
        /**
         * Put Gold
         * @description Make an image gold with its true masks (its lab). `masks: []` needs `nothing_here: true`.
         */
        put: operations["putGold"];
        post?: never;
        /**
         * Delete Gold
         * @description Make a gold image an ordinary one again (its lab).
         */
        delete: operations["deleteGold"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects/{project_id}/guide/pictures": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Add Picture
         * @description Keep a picture for the guide (its lab): PNG, JPEG or WebP as the body. It is made small and loses its metadata.
         */
        post: operations["addPicture"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects/{project_id}/guide/pictures/{picture}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Picture
         * @description A picture of the guide, for whoever may see the project. Never changes.
         */
        get: operations["getPicture"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects/{project_id}/images": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Images
         * @description A project's images in order of upload (role lab).
         */
        get: operations["listImages"];
        put?: never;
        /**
         * Upload Images
         * @description Upload images: many files in one request, and ZIP files of them (role lab).
         *
         *     A file that can't be read is refused with its reason; the others are kept. A file that the project has already is a
         *     `duplicate`, so sending the same request again is harmless.
         */
        post: operations["uploadImages"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects/{project_id}/images/rejections": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Rejections
         * @description Files that were refused, with their reasons (role lab).
         */
        get: operations["listRejections"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects/{project_id}/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Jobs, newest first
         * @description How each stands; what a job was asked for and what it found are at `/jobs/{job_id}`.
         */
        get: operations["listJobs"];
        put?: never;
        /**
         * Start a job
         * @description `train` a generator, `sample` from it, both as `synthesise`, build a `dataset`, or run a `study`.
         */
        post: operations["createJob"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects/{project_id}/leaderboard": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Leaderboard
         * @description Raters who want to be seen, by the quality on gold that is sure: the lower end of the interval, not the count.
         */
        get: operations["readLeaderboard"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects/{project_id}/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Members
         * @description Who has which role in the project.
         */
        get: operations["listMembers"];
        put?: never;
        /**
         * Put Member
         * @description Add a member, or change a member's role.
         */
        post: operations["putMember"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects/{project_id}/members/{user_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Remove Member
         * @description Take a member out of the project.
         */
        delete: operations["removeMember"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects/{project_id}/next": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Next Task
         * @description Your next task by a lease, or the live one you have. Never says whether it is gold.
         *
         *     With `ahead`, that many tasks after it are yours too, each by a lease of its own: to show the next image at once, or to work
         *     without a connection. You may get fewer. Leases that you have are counted in and answered again.
         *     403 `practice-first` where the project wants practice images mastered before.
         */
        post: operations["nextTask"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects/{project_id}/notes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Notes
         * @description What raters told you, newest first (role expert).
         */
        get: operations["listNotes"];
        put?: never;
        /**
         * Add Note
         * @description Tell the lab something about an image: a comment, that you aren't sure, or that it looks wrong.
         */
        post: operations["addNote"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects/{project_id}/notes/{note_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Answer Note
         * @description Resolve a note, or reply to who wrote it (role expert).
         */
        patch: operations["answerNote"];
        trace?: never;
    };
    "/projects/{project_id}/practice": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Practice
         * @description The project's practice images, and how far you are. Never names the gold that measures.
         */
        get: operations["getPractice"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects/{project_id}/practice/{image_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Practise
         * @description Try a practice image: how your masks compare with the reference. As often as you like; the best attempt counts.
         */
        post: operations["practise"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects/{project_id}/quarantine": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Quarantine
         * @description Whether your answers count less for now, for which labels, and how far you are with practising again.
         */
        get: operations["getQuarantine"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects/{project_id}/ranking": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Ranking
         * @description Raters by the quality on gold that is sure (its lab). Volunteers see names of those who want that: `/leaderboard`.
         */
        get: operations["getRanking"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects/{project_id}/raters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Raters
         * @description What is believed of each rater, with intervals and flags (role lab).
         */
        get: operations["listRaters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects/{project_id}/rounds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start a round, or go on with yours
         * @description Half of its images are real. Asking again gives the same round until it is finished.
         */
        post: operations["startRound"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects/{project_id}/segmenters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Segmenters
         * @description The versions of the project's own segmenter, newest first, and which one proposes.
         */
        get: operations["segmenters"];
        /**
         * Choose Segmenter
         * @description Roll back to a version, turn it off (0), or go back to the newest (null). Proposals are made again in the background.
         */
        put: operations["chooseSegmenter"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects/{project_id}/submissions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Submissions
         * @description Every submission with its masks, superseded ones too (its lab).
         */
        get: operations["listSubmissions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects/{project_id}/synthetic": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Synthetic images, kept and rejected, newest first */
        get: operations["listSynthetic"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projects/{project_id}/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Tasks
         * @description Tasks with their progress (its lab).
         */
        get: operations["listTasks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/rounds/{round_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Your round
         * @description What the images are is told once all are answered.
         */
        get: operations["getRound"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/rounds/{round_id}/answers/{position}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Answer for one image
         * @description `position` counts from 0. The first answer counts; sending it again is harmless.
         */
        put: operations["putAnswer"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/rounds/{round_id}/sheet": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The images of your round (PNG)
         * @description All images below one another, `size` pixels each, in the order of the answers: nothing is told about a single one.
         */
        get: operations["roundSheet"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/synthetic/{synthetic_id}/image": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A synthetic image (PNG) */
        get: operations["syntheticImage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/synthetic/{synthetic_id}/mask": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The mask it was drawn for (PNG)
         * @description A palette PNG: each pixel's index is its label id, its colour the label's, so that people and programs can read it.
         */
        get: operations["syntheticMask"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Webhooks
         * @description Webhooks of your projects, or of one.
         */
        get: operations["listWebhooks"];
        put?: never;
        /**
         * Create Webhook
         * @description Have a project's events sent to a URL. Deliveries are signed: `X-Bramble-Signature: t=<unix>,v1=<hex>`, an HMAC-SHA256 with
         *     the secret over `<unix>.<body>`; a delivery that isn't answered 2xx is tried again for about a day and a half.
         */
        post: operations["createWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/{webhook_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete Webhook
         * @description Stop and forget a webhook with its waiting deliveries.
         */
        delete: operations["deleteWebhook"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * Advice
         * @description A habit that is sure, or a label that is often missed.
         */
        Advice: {
            /** Id */
            id: string;
            /** Label Id */
            label_id: number;
            /**
             * Kind
             * @enum {string}
             */
            kind: "over" | "under" | "shifted" | "misses";
            /**
             * Direction
             * @description Where to outlines are shifted, as seen on the image.
             * @enum {string}
             */
            direction: "" | "right" | "upper-right" | "up" | "upper-left" | "left" | "lower-left" | "down" | "lower-right";
            /**
             * Px
             * @description How far, in pixels; 0 for `misses`.
             */
            px: number;
            /**
             * Share
             * @description `misses`: of the images that show the label.
             */
            share: number;
            /**
             * Answers
             * @description Of yours that this rests on.
             */
            answers: number;
        };
        /** AdviceList */
        AdviceList: {
            /** Items */
            items: components["schemas"]["Advice"][];
        };
        /**
         * AnswerIn
         * @example {
         *       "synthetic": true
         *     }
         */
        AnswerIn: {
            /** Synthetic */
            synthetic: boolean;
        };
        /**
         * Appeal
         * @description Practising again, under way.
         */
        Appeal: {
            /** Needed */
            needed: number;
            /** Threshold */
            threshold: number;
            /** Passed */
            passed: number;
            /**
             * Images
             * @description Those still to be tried; of each the first try counts.
             */
            images: components["schemas"]["ImageRef"][];
        };
        /**
         * AppealTry
         * @description What an attempt meant for the appeal that it belongs to.
         */
        AppealTry: {
            /**
             * State
             * @enum {string}
             */
            state: "open" | "passed" | "failed";
            /** Needed */
            needed: number;
            /**
             * Passed
             * @description Images that reached the threshold.
             */
            passed: number;
            /**
             * Left
             * @description Images still to be tried.
             */
            left: number;
            /**
             * Dice
             * @description Of the labels in question only.
             */
            dice: number;
        };
        /** Assignment */
        Assignment: {
            lease: components["schemas"]["LeaseInfo"];
            task: components["schemas"]["NextTask"];
            draft: components["schemas"]["Draft"] | null;
        };
        /**
         * AuditEntry
         * @description Who did what to what, when.
         */
        AuditEntry: {
            /**
             * Id
             * @example 019a9e2c-7b1e-7c3a-9d2f-0c5a1b2c3d4e
             */
            id: string;
            /**
             * At
             * @example 2026-11-23T20:15:00.000000Z
             */
            at: string;
            /** Account Id */
            account_id: string;
            /** Key Id */
            key_id: string | null;
            /**
             * Action
             * @example dataset.download
             */
            action: string;
            /** Project Id */
            project_id: string | null;
            /** Target */
            target: string | null;
            /** Status */
            status: number;
            /** Request Id */
            request_id: string;
        };
        /** AuditPage */
        AuditPage: {
            /** Items */
            items: components["schemas"]["AuditEntry"][];
            /** Next */
            next: string | null;
        };
        /** Badge */
        Badge: {
            /**
             * Code
             * @enum {string}
             */
            code: "first" | "practised" | "ten" | "watchful" | "steady" | "sharp" | "hundred" | "seen_through";
            /** Earned At */
            earned_at: string;
        };
        /**
         * Budget
         * @description What it takes to bring a share of the images to an expected Dice.
         */
        Budget: {
            /** Dice */
            dice: number;
            /** Share */
            share: number;
            /**
             * Labels
             * @description Further labels; null: labels alone don't get there, or nothing is known yet.
             */
            labels: number | null;
            /**
             * Low
             * @description Lower end of the 90 % interval.
             */
            low: number | null;
            /**
             * High
             * @description Upper end; null: perhaps no number of labels gets there.
             */
            high: number | null;
            /** Images */
            images: number;
            /**
             * There
             * @description Images that are expected to be there now.
             */
            there: number;
            /**
             * Reachable
             * @description Images that labels can bring there, those included.
             */
            reachable: number;
            /**
             * Experts
             * @description Images of the share that only an expert can bring there.
             */
            experts: number;
            /**
             * Assessed
             * @description Images with labels enough to judge by.
             */
            assessed: number;
            /**
             * Decided
             * @description With dynamic overlap: images by its latest decision.
             */
            decided: {
                [key: string]: number;
            };
        };
        /**
         * ConsensusItem
         * @description The newest consensus of one label of one image.
         */
        ConsensusItem: {
            /** Image Id */
            image_id: string;
            /** Label Id */
            label_id: number;
            /**
             * Agreement
             * @description Mean pairwise Dice of the raters' masks, weighted by their say.
             */
            agreement: number;
            /**
             * Predicted Dice
             * @description Expected Dice with the truth.
             */
            predicted_dice: number;
            /** Raters */
            raters: number;
            /**
             * Area
             * @description Set pixels; 0 is an answer.
             */
            area: number;
            /** Method */
            method: string;
            /** Version */
            version: number;
            /**
             * Status
             * @enum {string}
             */
            status: "pending" | "accepted" | "review";
            /** Updated At */
            updated_at: string;
        };
        /**
         * ConsensusPage
         * @description A page.
         */
        ConsensusPage: {
            /** Items */
            items: components["schemas"]["ConsensusItem"][];
            /** Next */
            next: string | null;
        };
        /**
         * Consent
         * @description The consent that raters give.
         */
        Consent: {
            /**
             * Version
             * @example 2026-11-28
             */
            version: string;
            /**
             * Text
             * @description Markdown.
             */
            text: string;
        };
        /**
         * ConsentIn
         * @description Agreement to a version that was shown.
         * @example {
         *       "version": "2026-11-28"
         *     }
         */
        ConsentIn: {
            /** Version */
            version: string;
        };
        /**
         * Counts
         * @description Kept with every change, never counted.
         */
        Counts: {
            /** Images */
            images: number;
            /**
             * Gold
             * @description All gold, that for practice too.
             */
            gold: number;
            /** Practice */
            practice: number;
            /** Open */
            open: number;
            /** Retired */
            retired: number;
            /** Submissions */
            submissions: number;
            /** Raters */
            raters: number;
            /** Leases */
            leases: number;
            /** Overshoot */
            overshoot: number;
        };
        /** Dataset */
        Dataset: {
            /** Id */
            id: string;
            /** Project Id */
            project_id: string;
            /** Job Id */
            job_id: string;
            /** Name */
            name: string;
            /** Version */
            version: number;
            /** Sha256 */
            sha256: string;
            /** Archive Sha256 */
            archive_sha256: string;
            /** Size Bytes */
            size_bytes: number;
            /** Counts */
            counts: {
                [key: string]: unknown;
            };
            /** Params */
            params: {
                [key: string]: unknown;
            };
            /** Download Url */
            download_url: string;
            /** Created At */
            created_at: string;
        };
        /**
         * DatasetRequest
         * @example {
         *       "include": [
         *         "real",
         *         "consensus",
         *         "synthetic"
         *       ],
         *       "name": "brains",
         *       "seed": 1
         *     }
         */
        DatasetRequest: {
            /** Name */
            name: string;
            /**
             * Include
             * @default [
             *       "real",
             *       "consensus",
             *       "synthetic"
             *     ]
             */
            include: string[];
            /**
             * @default {
             *       "train": 0.7,
             *       "val": 0.1,
             *       "test": 0.2
             *     }
             */
            split: components["schemas"]["Shares"];
            /**
             * Seed
             * @default 0
             */
            seed: number;
            /**
             * Formats
             * @default [
             *       "png",
             *       "coco"
             *     ]
             */
            formats: string[];
            /**
             * Licence
             * @default
             */
            licence: string;
            /**
             * Consent
             * @default
             */
            consent: string;
        };
        /**
         * DeadLetter
         * @description An event that a consumer could not apply.
         */
        DeadLetter: {
            /**
             * Id
             * @example consensus.17
             */
            id: string;
            /** Service */
            service: string;
            /** Consumer */
            consumer: string;
            /** Topic */
            topic: string;
            /** Key */
            key: string;
            /** Event Id */
            event_id: string;
            /** Error */
            error: string;
            /**
             * Created At
             * @example 2026-11-23T20:15:00.000000Z
             */
            created_at: string;
            /** Replayed At */
            replayed_at: string | null;
            /** Type */
            type?: string | null;
            /**
             * Detail
             * @description The traceback; only when one letter is read.
             */
            detail?: string | null;
        };
        /** DeadLetters */
        DeadLetters: {
            /** Items */
            items: components["schemas"]["DeadLetter"][];
            /** Next */
            next?: null;
            /**
             * Unreachable
             * @description Services that didn't answer; their letters are missing here.
             */
            unreachable: string[];
        };
        /**
         * DecisionLine
         * @description A decision of the platform on an image's labels.
         */
        DecisionLine: {
            /** Version */
            version: number;
            /** Labels */
            labels: number;
            /**
             * Decision
             * @enum {string}
             */
            decision: "more" | "enough" | "escalate";
            /** Why */
            why: string;
            /** Expected Dice */
            expected_dice: number | null;
            /** Gain */
            gain: number | null;
            /** Created At */
            created_at: string;
        };
        /** Draft */
        Draft: {
            /** Masks */
            masks: components["schemas"]["LabelMask"][];
            /** Updated At */
            updated_at: string;
        };
        /**
         * EngineOut
         * @description `domain.tuning.Tuning`, field by field; its docstring and docs/segmenter.md say what each number does.
         */
        EngineOut: {
            /** Size */
            size: number;
            /** Radius */
            radius: number;
            /** Margin */
            margin: number;
            /** Least */
            least: number;
            /** Zoom Below */
            zoom_below: number;
            /** Settle Size */
            settle_size: number;
            /** Gamma */
            gamma: number;
            /** Beta */
            beta: number;
            /** Fade Px */
            fade_px: number;
            /** Seed Radius */
            seed_radius: number;
            /** Scales */
            scales: number[];
            /** Keep Prob */
            keep_prob: number;
            /** Agreement */
            agreement: number;
            /** Trust */
            trust: number;
            /** Look */
            look: number;
            /** First Look */
            first_look: number;
            /** First Size */
            first_size: number;
            /** Sharp */
            sharp: number;
            /** Mend */
            mend: number;
            /** Merge After */
            merge_after: number;
            /** Wane */
            wane: number;
            /** Walk */
            walk: number;
        };
        /**
         * EraseIn
         * @description Proof that it's the person: the password. A guest has none and leaves it out.
         * @example {
         *       "password": "seventeen brown hares"
         *     }
         */
        EraseIn: {
            /** Password */
            password?: string | null;
        };
        /**
         * Erased
         * @description What became of an account.
         */
        Erased: {
            /**
             * Erased
             * @default true
             */
            erased: boolean;
            /**
             * Kept
             * @description One sentence on what stays.
             * @default The drawings stay, under a random number that leads to nobody any more; all else about the person is gone.
             */
            kept: string;
        };
        /** Example */
        Example: {
            image: components["schemas"]["ImageRef"];
            /** Reference */
            reference: components["schemas"]["LabelMask"][];
        };
        /** Feedback */
        Feedback: {
            /** Labels */
            labels: components["schemas"]["LabelFeedback"][];
            /** Reference */
            reference: components["schemas"]["LabelMask"][];
        };
        /** Fooled */
        Fooled: {
            /** Synthetic Id */
            synthetic_id: string;
            /** Shown */
            shown: number;
            /**
             * Fooled
             * @description How often it was called real.
             */
            fooled: number;
            /** Image Url */
            image_url: string;
        };
        /**
         * Game
         * @description The project's game as a player sees it. It says nothing about the generator.
         */
        Game: {
            /** Open */
            open: boolean;
            /**
             * Images
             * @description Of a round at most.
             */
            images: number;
            /**
             * Round Id
             * @description A round that you have begun.
             */
            round_id: string | null;
            /**
             * More
             * @description Whether there are images for another round; each is shown to you once.
             */
            more: boolean;
            /**
             * Rounds
             * @description That you have finished.
             */
            rounds: number;
            /** Right */
            right: number;
            /** Answers */
            answers: number;
        };
        /**
         * GameIn
         * @example {
         *       "images": 20,
         *       "open": true
         *     }
         */
        GameIn: {
            /**
             * Open
             * @description Whether volunteers may start rounds. Opening one closes the project's other games.
             */
            open: boolean;
            /**
             * Images
             * @description Of a round, half of them synthetic.
             * @default 20
             */
            images: number;
            /**
             * Generator Id
             * @description Empty: the project's newest generator.
             * @default
             */
            generator_id: string;
        };
        /**
         * GameResult
         * @description What the finished rounds of a game say. `docs/synthesis.md` has the meaning of each number.
         */
        GameResult: {
            /** Generator Id */
            generator_id: string;
            /** Open */
            open: boolean;
            /** Images */
            images: number;
            /**
             * Kept
             * @description Synthetic images that the filters kept, of which the game draws.
             */
            kept: number;
            /** Chance */
            chance: number;
            /** Players */
            players: number;
            /** Rounds */
            rounds: number;
            /**
             * Unfinished
             * @description Rounds that were begun and left; their answers aren't counted.
             */
            unfinished: number;
            /** Answers */
            answers: number;
            accuracy: components["schemas"]["Share"];
            /** @description Share of synthetic images that were called synthetic. */
            sensitivity: components["schemas"]["Share"];
            /** @description Share of real images that were called real. */
            specificity: components["schemas"]["Share"];
            /** @description Specificity on images that the generator was trained on. */
            real_seen: components["schemas"]["Share"];
            /** @description Specificity on images that it wasn't trained on. */
            real_unseen: components["schemas"]["Share"];
            /** @description Specificity on images that the player had labelled. */
            real_familiar: components["schemas"]["Share"];
            /**
             * Detectable
             * @description The accuracy that so many answers would show to differ from chance four times in five.
             */
            detectable: number;
            /**
             * Verdict
             * @enum {string}
             */
            verdict: "too_few" | "told_apart" | "not_told_apart" | "reversed";
            /** Sentence */
            sentence: string;
            /** By Player */
            by_player: components["schemas"]["PlayerResult"][];
            /**
             * Fooled
             * @description Synthetic images, those first that deceived most; 200 at most.
             */
            fooled: components["schemas"]["Fooled"][];
        };
        /** Generator */
        Generator: {
            /** Id */
            id: string;
            /** Project Id */
            project_id: string;
            /** Job Id */
            job_id: string;
            /** Steps */
            steps: number;
            /** Images */
            images: number;
            /** Seed */
            seed: number;
            /** Label Ids */
            label_ids: number[];
            /** Sha256 */
            sha256: string;
            /** Size Bytes */
            size_bytes: number;
            /** Card */
            card: {
                [key: string]: unknown;
            };
            /** Created At */
            created_at: string;
        };
        /** Gold */
        Gold: {
            /** Image Id */
            image_id: string;
            /** Masks */
            masks: components["schemas"]["LabelMask"][];
            /** Nothing Here */
            nothing_here: boolean;
            /** Practice */
            practice: boolean;
            /** Created At */
            created_at: string;
        };
        /** GoldDice */
        GoldDice: {
            /** Mean */
            mean: number;
            /** Low */
            low: number;
            /** High */
            high: number;
        };
        /** GoldPage */
        GoldPage: {
            /** Items */
            items: components["schemas"]["Gold"][];
            /**
             * Next
             * @description Pass as `cursor` for the next page; null on the last.
             */
            next: string | null;
        };
        /**
         * GuestIn
         * @description A guest has no address and no password; the cookie is the account.
         * @example {
         *       "consent_version": "2026-11-28",
         *       "display_name": "Robin"
         *     }
         */
        GuestIn: {
            /** Consent Version */
            consent_version: string;
            /** Display Name */
            display_name?: string | null;
        };
        /**
         * History
         * @description How an image's consensus came to be, newest first.
         */
        History: {
            /** Image Id */
            image_id: string;
            /** Versions */
            versions: components["schemas"]["VersionLine"][];
            /** Decisions */
            decisions: components["schemas"]["DecisionLine"][];
            /** Reviews */
            reviews: components["schemas"]["ReviewLine"][];
        };
        /**
         * Image
         * @description One displayed frame, the pixel grid in which masks live.
         */
        Image: {
            /** Id */
            id: string;
            /** Project Id */
            project_id: string;
            /**
             * Source Id
             * @description The uploaded file that this frame came from.
             */
            source_id: string;
            /**
             * Name
             * @description For the lab: the file's name, or one made of modality and pseudonym for DICOM. Else empty.
             */
            name: string;
            /**
             * Height
             * @example 233
             */
            height: number;
            /**
             * Width
             * @example 197
             */
            width: number;
            /**
             * Channels
             * @description 1 (grey) or 3 (RGB).
             */
            channels: number;
            /**
             * Group
             * @description Patient, volume or source; splits are made by it.
             */
            group: string;
            /** Frame Index */
            frame_index: number;
            /**
             * Frames
             * @description How many frames the source has.
             */
            frames: number;
            /**
             * Modality
             * @example MR
             */
            modality: string;
            /**
             * Window
             * @description Centre and width that the frame shows, in the source's values.
             */
            window: number[] | null;
            /**
             * Spacing
             * @description Row and column spacing, mm.
             * @example [
             *       1,
             *       1
             *     ]
             */
            spacing: number[] | null;
            /**
             * Slice Mm
             * @description Distance to the next slice, mm.
             */
            slice_mm: number | null;
            /**
             * Affine
             * @description 4 × 4, row-major: index (column, row, slice), this frame being slice 0, to RAS+ mm.
             */
            affine: number[] | null;
            /** Created At */
            created_at: string;
            /** Frame Url */
            frame_url: string;
            /** Thumbnail Url */
            thumbnail_url: string;
            urls: components["schemas"]["Urls"];
        };
        /**
         * ImageConsensus
         * @description An image's consensus; no labels: nobody has answered yet.
         */
        ImageConsensus: {
            /** Image Id */
            image_id: string;
            /** Version */
            version: number;
            /**
             * Status
             * @enum {string}
             */
            status: "pending" | "accepted" | "review";
            /** Labels */
            labels: components["schemas"]["LabelOut"][];
        };
        /**
         * ImagePage
         * @description A page of images.
         */
        ImagePage: {
            /** Items */
            items: components["schemas"]["Image"][];
            /**
             * Next
             * @description Pass as `cursor` for the next page; null on the last.
             */
            next: string | null;
        };
        /** ImageRef */
        ImageRef: {
            /** Id */
            id: string;
            /** Project Id */
            project_id: string;
            /** Height */
            height: number;
            /** Width */
            width: number;
            /** Channels */
            channels: number;
            /** Group */
            group: string;
            /** Frame Index */
            frame_index: number;
            /** Frames */
            frames: number;
            /**
             * Spacing
             * @description [row, column] in mm; null: unknown
             */
            spacing: number[] | null;
            /** Slice Mm */
            slice_mm: number | null;
            /** Frame Url */
            frame_url: string;
            /** Thumbnail Url */
            thumbnail_url: string;
        };
        /**
         * Rle
         * @description COCO RLE, compressed counts.
         */
        InferenceRle: {
            /**
             * Size
             * @description [height, width]
             * @example [
             *       512,
             *       512
             *     ]
             */
            size: number[];
            /** Counts */
            counts: string;
        };
        /** Job */
        Job: {
            /** Id */
            id: string;
            /** Project Id */
            project_id: string;
            /** Kind */
            kind: string;
            /**
             * Status
             * @enum {string}
             */
            status: "queued" | "running" | "succeeded" | "failed" | "cancelled";
            /** Progress */
            progress: number;
            /** Stage */
            stage: string;
            /** Detail */
            detail: string;
            /** Created At */
            created_at: string;
            /** Started At */
            started_at: string | null;
            /** Finished At */
            finished_at: string | null;
            /** Heartbeat At */
            heartbeat_at: string | null;
            /** Attempts */
            attempts: number;
            /** Preview Step */
            preview_step: number;
            /** Error */
            error: string | null;
            /** Params */
            params: {
                [key: string]: unknown;
            };
            /** Result */
            result: {
                [key: string]: unknown;
            } | null;
        };
        /**
         * JobRequest
         * @example {
         *       "kind": "synthesise",
         *       "params": {
         *         "max_seconds": 240,
         *         "samples": 64,
         *         "seed": 1
         *       }
         *     }
         */
        JobRequest: {
            /**
             * Kind
             * @enum {string}
             */
            kind: "train" | "sample" | "synthesise" | "dataset" | "study" | "verify" | "segmenter";
            /** Params */
            params?: {
                [key: string]: unknown;
            };
        };
        /**
         * JobRow
         * @description A job in a list: how it stands. What it was asked for and what it found, which may be long, are of the job alone.
         */
        JobRow: {
            /** Id */
            id: string;
            /** Project Id */
            project_id: string;
            /** Kind */
            kind: string;
            /**
             * Status
             * @enum {string}
             */
            status: "queued" | "running" | "succeeded" | "failed" | "cancelled";
            /** Progress */
            progress: number;
            /** Stage */
            stage: string;
            /** Detail */
            detail: string;
            /** Created At */
            created_at: string;
            /** Started At */
            started_at: string | null;
            /** Finished At */
            finished_at: string | null;
            /** Heartbeat At */
            heartbeat_at: string | null;
            /** Attempts */
            attempts: number;
            /** Preview Step */
            preview_step: number;
            /** Error */
            error: string | null;
        };
        /**
         * Key
         * @description An API key as listed; never its secret.
         */
        Key: {
            /**
             * Id
             * @example 019a9e2c-7b1e-7c3a-9d2f-0c5a1b2c3d4e
             */
            id: string;
            /** Name */
            name: string;
            /** Prefix */
            prefix: string;
            /** Scopes */
            scopes: ("read" | "write" | "admin")[];
            /**
             * Created At
             * @example 2026-11-23T20:15:00.000000Z
             */
            created_at: string;
            /** Last Used At */
            last_used_at: string | null;
            /** Revoked At */
            revoked_at: string | null;
        };
        /**
         * KeyIn
         * @description A new API key.
         * @example {
         *       "name": "nightly upload",
         *       "scopes": [
         *         "read",
         *         "write"
         *       ]
         *     }
         */
        KeyIn: {
            /** Name */
            name: string;
            /**
             * Scopes
             * @description Default: read and write.
             */
            scopes?: ("read" | "write" | "admin")[] | null;
        };
        /** Keys */
        Keys: {
            /** Items */
            items: components["schemas"]["Key"][];
            /** Next */
            next?: null;
        };
        /** Label */
        Label: {
            /** Id */
            id: number;
            /** Name */
            name: string;
            /** Color */
            color: string;
            /** Description */
            description: string;
        };
        /** LabelFeedback */
        LabelFeedback: {
            /** Label Id */
            label_id: number;
            /** Dice */
            dice: number;
            /** Missed Px */
            missed_px: number;
            /** Extra Px */
            extra_px: number;
            /** Message */
            message: string;
        };
        /**
         * LabelIn
         * @description A class of the label schema. An `id` names an existing label; a new label gets its own.
         */
        LabelIn: {
            /**
             * Id
             * @description Only to rename an existing label.
             */
            id?: number | null;
            /**
             * Name
             * @example grey matter
             */
            name: string;
            /**
             * Color
             * @description `#rrggbb`; left out: from a palette that stays apart.
             * @example #E69F00
             */
            color?: string | null;
            /** Description */
            description?: string | null;
        };
        /** LabelMask */
        LabelMask: {
            /** Label Id */
            label_id: number;
            rle: components["schemas"]["Rle"];
        };
        /**
         * LabelMaskIn
         * @description A mask for a label.
         */
        LabelMaskIn: {
            /** Label Id */
            label_id: number;
            /** Rle */
            rle: {
                [key: string]: unknown;
            };
        };
        /**
         * LabelOut
         * @description One label of an image's consensus.
         */
        LabelOut: {
            /** Label Id */
            label_id: number;
            rle: components["schemas"]["Mask"];
            /** Agreement */
            agreement: number;
            /** Predicted Dice */
            predicted_dice: number;
            /**
             * Low
             * @description Lower end of the 90 % interval of predicted_dice.
             */
            low: number;
            /** High */
            high: number;
            /** Raters */
            raters: number;
            /** Area */
            area: number;
            /** Method */
            method: string;
            /** Flags */
            flags: string[];
            /** Version */
            version: number;
            /** Submissions */
            submissions: string[];
            /**
             * Status
             * @enum {string}
             */
            status: "pending" | "accepted" | "review";
        };
        /**
         * Leaderboard
         * @description Those who want to be seen, by quality that is sure, whatever the count.
         */
        Leaderboard: {
            /** Items */
            items: components["schemas"]["Placed"][];
        };
        /** LeaseInfo */
        LeaseInfo: {
            /** Id */
            id: string;
            /** Expires At */
            expires_at: string;
        };
        /**
         * LoginIn
         * @description Address and password.
         * @example {
         *       "email": "robin@example.org",
         *       "password": "seventeen brown hares"
         *     }
         */
        LoginIn: {
            /** Email */
            email: string;
            /** Password */
            password: string;
        };
        /**
         * Mask
         * @description COCO RLE.
         */
        Mask: {
            /**
             * Size
             * @description [height, width]
             * @example [
             *       256,
             *       256
             *     ]
             */
            size: number[];
            /**
             * Counts
             * @description Compressed counts, as pycocotools writes them.
             */
            counts: string;
        };
        /**
         * Me
         * @description Who is logged in.
         */
        Me: {
            /**
             * Id
             * @example 019a9e2c-7b1e-7c3a-9d2f-0c5a1b2c3d4e
             */
            id: string;
            /**
             * Role
             * @enum {string}
             */
            role: "volunteer" | "expert" | "lab" | "operator";
            /** Display Name */
            display_name: string;
            /**
             * Email
             * @description null for guests.
             */
            email: string | null;
            /** Is Guest */
            is_guest: boolean;
            /**
             * Csrf Token
             * @description Send as X-CSRF-Token on unsafe methods; empty when an API key asks.
             */
            csrf_token: string;
            /** Consent Version */
            consent_version: string | null;
            /** Consent Current */
            consent_current: boolean;
            /**
             * Memberships
             * @description Project id → role.
             */
            memberships: {
                [key: string]: "volunteer" | "expert" | "lab" | "operator";
            };
            /**
             * Leaderboard
             * @description Whether the name may stand on leaderboards; asked for, never assumed.
             */
            leaderboard: boolean;
        };
        /**
         * MePatch
         * @description What to change about yourself; what is left out stays.
         * @example {
         *       "display_name": "Robin"
         *     }
         */
        MePatch: {
            /** Display Name */
            display_name?: string | null;
            /** Leaderboard */
            leaderboard?: boolean | null;
        };
        /** Member */
        Member: {
            /**
             * User Id
             * @example 019a9e2c-7b1e-7c3a-9d2f-0c5a1b2c3d4e
             */
            user_id: string;
            /** Display Name */
            display_name: string;
            /**
             * Role
             * @enum {string}
             */
            role: "volunteer" | "expert" | "lab";
            /**
             * Added At
             * @example 2026-11-23T20:15:00.000000Z
             */
            added_at: string;
        };
        /**
         * MemberIn
         * @description Name the account by address or by id.
         * @example {
         *       "email": "robin@example.org",
         *       "role": "expert"
         *     }
         */
        MemberIn: {
            /** Email */
            email?: string | null;
            /** User Id */
            user_id?: string | null;
            /**
             * Role
             * @enum {string}
             */
            role: "volunteer" | "expert" | "lab";
        };
        /** Members */
        Members: {
            /** Items */
            items: components["schemas"]["Member"][];
            /** Next */
            next: string | null;
        };
        /** ModelOut */
        ModelOut: {
            /** Name */
            name: string;
            /** Version */
            version: string;
            /**
             * Kind
             * @description classical, early-fusion or split
             */
            kind: string;
            /**
             * Browser
             * @description Whether the weights may be fetched and run by the client.
             */
            browser: boolean;
            /** Default */
            default: boolean;
            /** Input Side */
            input_side: number;
            /** Bytes */
            bytes: number;
            /**
             * Url
             * @description Where `model.onnx` lies, immutable.
             */
            url: string | null;
            /** @description Numbers of the engine around the network, for a client that runs it. */
            engine: components["schemas"]["EngineOut"] | null;
            /** Note */
            note: string;
        };
        /** ModelsOut */
        ModelsOut: {
            /** Items */
            items: components["schemas"]["ModelOut"][];
        };
        /**
         * Neighbours
         * @description What lies beside a frame in its stack.
         */
        Neighbours: {
            before: components["schemas"]["Image"] | null;
            after: components["schemas"]["Image"] | null;
        };
        /**
         * NewKeyOut
         * @description A fresh key; `secret` is shown this once.
         */
        NewKeyOut: {
            /**
             * Id
             * @example 019a9e2c-7b1e-7c3a-9d2f-0c5a1b2c3d4e
             */
            id: string;
            /** Name */
            name: string;
            /** Prefix */
            prefix: string;
            /** Scopes */
            scopes: ("read" | "write" | "admin")[];
            /**
             * Created At
             * @example 2026-11-23T20:15:00.000000Z
             */
            created_at: string;
            /** Last Used At */
            last_used_at: string | null;
            /** Revoked At */
            revoked_at: string | null;
            /**
             * Secret
             * @example brk_k3v9x0ab_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
             */
            secret: string;
        };
        /**
         * NewWebhook
         * @description A fresh webhook; `secret`, the key of the HMAC, is shown this once.
         */
        NewWebhook: {
            /**
             * Id
             * @example 019a9e2c-7b1e-7c3a-9d2f-0c5a1b2c3d4e
             */
            id: string;
            /**
             * Project Id
             * @example 019a9e2c-7b1e-7c3a-9d2f-0c5a1b2c3d4e
             */
            project_id: string;
            /** Url */
            url: string;
            /** Types */
            types: string[];
            /**
             * Created At
             * @example 2026-11-23T20:15:00.000000Z
             */
            created_at: string;
            /** Pending */
            pending: number;
            /**
             * Failed
             * @description Deliveries that were given up.
             */
            failed: number;
            /** Secret */
            secret: string;
        };
        /** Next */
        Next: {
            lease: components["schemas"]["LeaseInfo"];
            task: components["schemas"]["NextTask"];
            draft: components["schemas"]["Draft"] | null;
            /**
             * Ahead
             * @description Your other live leases, in the order in which they were taken.
             */
            ahead: components["schemas"]["Assignment"][];
        };
        /** NextTask */
        NextTask: {
            /** Id */
            id: string;
            /** Project Id */
            project_id: string;
            image: components["schemas"]["ImageRef"];
            /**
             * Has Proposal
             * @description A base annotation lies at `/images/{i}/proposals` and may be shown; false in the control arm.
             */
            has_proposal: boolean;
        };
        /** Note */
        Note: {
            /** Id */
            id: string;
            /** Project Id */
            project_id: string;
            /** Image Id */
            image_id: string;
            /** Rater Id */
            rater_id: string;
            /** Submission Id */
            submission_id: string | null;
            /**
             * Kind
             * @enum {string}
             */
            kind: "comment" | "unsure" | "wrong" | "skip";
            /** Text */
            text: string;
            /** Reply */
            reply: string;
            /** Created At */
            created_at: string;
            /** Resolved At */
            resolved_at: string | null;
        };
        /**
         * NoteIn
         * @description What a rater tells the lab about an image.
         * @example {
         *       "image_id": "",
         *       "kind": "wrong"
         *     }
         */
        NoteIn: {
            /** Image Id */
            image_id: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "comment" | "unsure" | "wrong";
            /**
             * Text
             * @default
             */
            text: string;
        };
        /** NotePage */
        NotePage: {
            /** Items */
            items: components["schemas"]["Note"][];
            /**
             * Next
             * @description Pass as `cursor` for the next page; null on the last.
             */
            next: string | null;
        };
        /**
         * NotePatch
         * @example {
         *       "resolved": true
         *     }
         */
        NotePatch: {
            /** Resolved */
            resolved?: boolean | null;
            /**
             * Reply
             * @description Shown to who wrote the note.
             */
            reply?: string | null;
        };
        /**
         * OldLabel
         * @description One label of an old version.
         */
        OldLabel: {
            /** Label Id */
            label_id: number;
            rle: components["schemas"]["Mask"];
            /** Method */
            method: string;
            /** Agreement */
            agreement: number;
            /** Area */
            area: number;
        };
        /**
         * OldVersion
         * @description A version as it was published.
         */
        OldVersion: {
            /** Image Id */
            image_id: string;
            /** Version */
            version: number;
            /** Created At */
            created_at: string;
            /** By Expert */
            by_expert: string | null;
            /** Submissions */
            submissions: string[];
            /** Labels */
            labels: components["schemas"]["OldLabel"][];
            /**
             * Identical
             * @description Computing it again from the votes gives the same bytes; null: an expert's, or its basis wasn't kept.
             */
            identical: boolean | null;
        };
        /** Page[Dataset] */
        Page_Dataset_: {
            /** Items */
            items: components["schemas"]["Dataset"][];
            /** Next */
            next?: string | null;
        };
        /** Page[Generator] */
        Page_Generator_: {
            /** Items */
            items: components["schemas"]["Generator"][];
            /** Next */
            next?: string | null;
        };
        /** Page[JobRow] */
        Page_JobRow_: {
            /** Items */
            items: components["schemas"]["JobRow"][];
            /** Next */
            next?: string | null;
        };
        /** Page[Synthetic] */
        Page_Synthetic_: {
            /** Items */
            items: components["schemas"]["Synthetic"][];
            /** Next */
            next?: string | null;
        };
        /**
         * PasswordIn
         * @description A change of password ends all sessions of the account but the new one.
         * @example {
         *       "current": "seventeen brown hares",
         *       "new": "eighteen brown hares"
         *     }
         */
        PasswordIn: {
            /** Current */
            current: string;
            /** New */
            new: string;
        };
        /** Picture */
        Picture: {
            /** Name */
            name: string;
            /**
             * Url
             * @description For the guide's Markdown: `![what it shows](url)`.
             */
            url: string;
            /** Width */
            width: number;
            /** Height */
            height: number;
        };
        /**
         * Placed
         * @description A place on a leaderboard.
         */
        Placed: {
            /** Place */
            place: number;
            /** Name */
            name: string;
            /**
             * Quality
             * @description Lower end of the 95 % interval of the mean Dice on gold, 0..1.
             */
            quality: number;
            /** Gold Seen */
            gold_seen: number;
            /** Is Me */
            is_me: boolean;
        };
        /** PlayerResult */
        PlayerResult: {
            /** Player */
            player: number;
            accuracy: components["schemas"]["Share"];
        };
        /**
         * Point
         * @description x right, y down, pixels of the frame; the origin is the top left corner of the top left pixel.
         */
        Point: {
            /**
             * X
             * @example 120.5
             */
            x: number;
            /**
             * Y
             * @example 88
             */
            y: number;
            /**
             * Is Positive
             * @default true
             */
            is_positive: boolean;
        };
        /** Practice */
        Practice: {
            standing: components["schemas"]["Standing"];
            /** @description An image with its reference, to learn from; counts for nothing. */
            example: components["schemas"]["Example"] | null;
            /**
             * Images
             * @description Not tried first, then from the worst answer up.
             */
            images: components["schemas"]["PracticeImage"][];
        };
        /** PracticeImage */
        PracticeImage: {
            image: components["schemas"]["ImageRef"];
            /** Attempts */
            attempts: number;
            /**
             * Best
             * @description Best Dice so far; null: not tried.
             */
            best: number | null;
            /** Passed */
            passed: boolean;
        };
        /** PracticeResult */
        PracticeResult: {
            /**
             * Dice
             * @description Mean over the labels that are there or were drawn.
             */
            dice: number;
            /** Passed */
            passed: boolean;
            feedback: components["schemas"]["Feedback"];
            standing: components["schemas"]["Standing"];
            /** @description Null where the attempt counted for no appeal. */
            appeal: components["schemas"]["AppealTry"] | null;
        };
        /**
         * Problem
         * @description RFC 9457. `detail` is one sentence for the person who can act; `code` is for programs.
         */
        Problem: {
            /** @example urn:bramble:problem:not-found */
            type: string;
            title: string;
            status: number;
            detail: string;
            /** @example not-found */
            code: string;
            /** @description Also in X-Request-Id; finds the request in the logs. */
            request_id: string;
            errors?: {
                where: string;
                what: string;
            }[];
        };
        /** Project */
        Project: {
            /** Id */
            id: string;
            /** Name */
            name: string;
            /** Summary */
            summary: string;
            /** Instructions */
            instructions: string;
            /** Labels */
            labels: components["schemas"]["Label"][];
            /** Quorum */
            quorum: number;
            /** Gold Share */
            gold_share: number;
            /** Gold Feedback */
            gold_feedback: boolean;
            /** Open */
            open: boolean;
            /** Accept Agreement */
            accept_agreement: number;
            /** Lease Seconds */
            lease_seconds: number;
            /** Show Proposals */
            show_proposals: boolean;
            /**
             * Task Order
             * @enum {string}
             */
            task_order: "finish" | "spread";
            /** Practice Required */
            practice_required: number;
            /** Practice Dice */
            practice_dice: number;
            /** Outcomes */
            outcomes: string;
            /** Overlap Least */
            overlap_least: number;
            /** Overlap Most */
            overlap_most: number;
            /** Overlap Dice */
            overlap_dice: number;
            /** Gold Adaptive */
            gold_adaptive: boolean;
            /** Proposal Control */
            proposal_control: number;
            /**
             * Status
             * @enum {string}
             */
            status: "active" | "paused" | "archived";
            /** Owner Id */
            owner_id: string;
            /** Created At */
            created_at: string;
            /** Updated At */
            updated_at: string;
            counts: components["schemas"]["Counts"];
        };
        /**
         * ProjectIn
         * @description A new project.
         */
        ProjectIn: {
            /**
             * Name
             * @example MNI152 brain
             */
            name: string;
            /**
             * Summary
             * @default
             */
            summary: string;
            /**
             * Instructions
             * @description Markdown, shown to raters.
             * @default
             */
            instructions: string;
            /** Labels */
            labels: components["schemas"]["LabelIn"][];
            /**
             * Quorum
             * @description Raters who answer each image.
             * @default 5
             */
            quorum: number;
            /**
             * Gold Share
             * @description Share of a rater's tasks that are gold, as long as there is gold.
             * @default 0.1
             */
            gold_share: number;
            /**
             * Gold Feedback
             * @description Tell raters how they compared, after they answered gold.
             * @default true
             */
            gold_feedback: boolean;
            /**
             * Open
             * @description Every volunteer may work here; else only members.
             * @default true
             */
            open: boolean;
            /**
             * Accept Agreement
             * @default 0.7
             */
            accept_agreement: number;
            /**
             * Lease Seconds
             * @default 1800
             */
            lease_seconds: number;
            /**
             * Show Proposals
             * @default true
             */
            show_proposals: boolean;
            /**
             * Task Order
             * @description `finish`: images nearest to their quorum first; `spread`: images with the fewest answers first.
             * @default finish
             * @enum {string}
             */
            task_order: "finish" | "spread";
            /**
             * Practice Required
             * @description Practice images that a volunteer must master before real work.
             * @default 0
             */
            practice_required: number;
            /**
             * Practice Dice
             * @description From which Dice a practice image is mastered.
             * @default 0.7
             */
            practice_dice: number;
            /**
             * Outcomes
             * @description Markdown for volunteers: what came of their labels.
             * @default
             */
            outcomes: string;
            /**
             * Overlap Least
             * @description Dynamic overlap: raters an image has before it may be done early.
             * @default 0
             */
            overlap_least: number;
            /**
             * Overlap Most
             * @description Dynamic overlap: most raters an image gets; 0: off, `quorum` it is.
             * @default 0
             */
            overlap_most: number;
            /**
             * Overlap Dice
             * @description Dynamic overlap: the Dice that is aimed at.
             * @default 0.9
             */
            overlap_dice: number;
            /**
             * Gold Adaptive
             * @description More gold for newcomers and raters in doubt; `gold_share` is what it comes down to.
             * @default false
             */
            gold_adaptive: boolean;
            /**
             * Proposal Control
             * @description Control arm: share of the pairs of rater and image that are asked without a proposal.
             * @default 0
             */
            proposal_control: number;
        };
        /** ProjectPage */
        ProjectPage: {
            /** Items */
            items: components["schemas"]["Project"][];
            /**
             * Next
             * @description Pass as `cursor` for the next page; null on the last.
             */
            next: string | null;
        };
        /**
         * ProjectPatch
         * @description What to change; fields left out stay.
         */
        ProjectPatch: {
            /** Name */
            name?: string | null;
            /** Summary */
            summary?: string | null;
            /** Instructions */
            instructions?: string | null;
            /** Labels */
            labels?: components["schemas"]["LabelIn"][] | null;
            /** Quorum */
            quorum?: number | null;
            /** Gold Share */
            gold_share?: number | null;
            /** Gold Feedback */
            gold_feedback?: boolean | null;
            /** Open */
            open?: boolean | null;
            /** Accept Agreement */
            accept_agreement?: number | null;
            /** Lease Seconds */
            lease_seconds?: number | null;
            /** Show Proposals */
            show_proposals?: boolean | null;
            /** Task Order */
            task_order?: ("finish" | "spread") | null;
            /** Practice Required */
            practice_required?: number | null;
            /** Practice Dice */
            practice_dice?: number | null;
            /** Outcomes */
            outcomes?: string | null;
            /** Overlap Least */
            overlap_least?: number | null;
            /** Overlap Most */
            overlap_most?: number | null;
            /** Overlap Dice */
            overlap_dice?: number | null;
            /** Gold Adaptive */
            gold_adaptive?: boolean | null;
            /** Proposal Control */
            proposal_control?: number | null;
            /** Status */
            status?: ("active" | "paused" | "archived") | null;
        };
        /** ProposalOut */
        ProposalOut: {
            /** Label Id */
            label_id: number;
            rle: components["schemas"]["InferenceRle"];
            /** Score */
            score: number;
            /** Model */
            model: string;
        };
        /** ProposalsOut */
        ProposalsOut: {
            /** Items */
            items: components["schemas"]["ProposalOut"][];
        };
        /**
         * Quarantine
         * @description Where you stand. `label_ids` empty: your answers count fully.
         */
        Quarantine: {
            /**
             * Label Ids
             * @description Labels for which your answers hardly count for now.
             */
            label_ids: number[];
            appeal: components["schemas"]["Appeal"] | null;
            /**
             * Can Appeal
             * @description Enough practice images are new to you, or you have begun.
             */
            can_appeal: boolean;
        };
        /** Ranked */
        Ranked: {
            /** Rater Id */
            rater_id: string;
            /** Submissions */
            submissions: number;
            /** Gold Seen */
            gold_seen: number;
            gold_dice: components["schemas"]["GoldDice"];
        };
        /** Ranking */
        Ranking: {
            /**
             * Items
             * @description From the best lower end of the 95 % interval down.
             */
            items: components["schemas"]["Ranked"][];
        };
        /**
         * RaterDecision
         * @description What was decided about a rater.
         */
        RaterDecision: {
            /** Label Id */
            label_id: number;
            /**
             * Decision
             * @description `appeal`: practice passed again; what is answered from then on is judged anew.
             * @enum {string}
             */
            decision: "quarantine" | "lifted" | "appeal";
            /** Why */
            why: string;
            /** At */
            at: string;
        };
        /**
         * RaterDrift
         * @description Agreement fell and stayed down.
         */
        RaterDrift: {
            /** Since */
            since: string;
            /**
             * Before
             * @description Mean Dice before, freed of how hard the images were.
             */
            before: number;
            /** After */
            after: number;
            /**
             * N
             * @description Answers since.
             */
            n: number;
        };
        /**
         * RaterGold
         * @description A rater on gold images.
         */
        RaterGold: {
            /** N */
            n: number;
            /** Dice */
            dice: number | null;
        };
        /**
         * RaterLabel
         * @description What is believed of a rater and label.
         */
        RaterLabel: {
            /** Label Id */
            label_id: number;
            /**
             * Reliability
             * @description Expected Dice with the consensus of the others, or gold.
             */
            reliability: number;
            /** Low */
            low: number;
            /** High */
            high: number;
            /** Sensitivity */
            sensitivity: number;
            /** Specificity */
            specificity: number;
            /**
             * Offset Px
             * @description Habitual over- (positive) or under-drawing.
             */
            offset_px: number;
            /** N */
            n: number;
            /**
             * Over Time
             * @description At most 24 points, oldest first.
             */
            over_time: components["schemas"]["RaterPoint"][];
            drift: components["schemas"]["RaterDrift"] | null;
            /** @description Null where it wasn't looked at yet. */
            bias: components["schemas"]["Sides"] | null;
        };
        /**
         * RaterList
         * @description All raters of a project.
         */
        RaterList: {
            /** Items */
            items: components["schemas"]["RaterOut"][];
            /** Next */
            next?: string | null;
        };
        /**
         * RaterOut
         * @description One rater of a project.
         */
        RaterOut: {
            /** Rater Id */
            rater_id: string;
            /** Labels */
            labels: components["schemas"]["RaterLabel"][];
            gold: components["schemas"]["RaterGold"];
            /** Flags */
            flags: string[];
            /**
             * Decisions
             * @description Oldest first.
             */
            decisions: components["schemas"]["RaterDecision"][];
        };
        /**
         * RaterPoint
         * @description Agreement of some answers in a row.
         */
        RaterPoint: {
            /**
             * At
             * @description When the last of them was given.
             */
            at: string;
            /**
             * Dice
             * @description Mean Dice with the consensus, or gold.
             */
            dice: number;
            /** N */
            n: number;
        };
        /**
         * RecomputeIn
         * @description Which method to use from now on; none: the one in use.
         */
        RecomputeIn: {
            /**
             * Method
             * @example auto
             */
            method?: string | null;
        };
        /**
         * Recomputed
         * @description What a recomputation did.
         */
        Recomputed: {
            /** Method */
            method: string;
            /** Images */
            images: number;
            /** Changed */
            changed: number;
        };
        /**
         * RegisterIn
         * @description A new account; with a guest's session the guest becomes it.
         * @example {
         *       "consent_version": "2026-11-28",
         *       "display_name": "Robin",
         *       "email": "robin@example.org",
         *       "password": "seventeen brown hares"
         *     }
         */
        RegisterIn: {
            /** Email */
            email: string;
            /** Password */
            password: string;
            /** Display Name */
            display_name: string;
            /** Consent Version */
            consent_version: string;
        };
        /**
         * RejectionItem
         * @description A refused file, as it is remembered.
         */
        RejectionItem: {
            /** Id */
            id: string;
            /** Name */
            name: string;
            /** Code */
            code: string;
            /** Reason */
            reason: string;
            /** Created At */
            created_at: string;
        };
        /**
         * RejectionPage
         * @description A page of refused files.
         */
        RejectionPage: {
            /** Items */
            items: components["schemas"]["RejectionItem"][];
            /**
             * Next
             * @description Pass as `cursor` for the next page; null on the last.
             */
            next: string | null;
        };
        /** Replayed */
        Replayed: {
            /** Id */
            id: string;
            /** Service */
            service: string;
            /**
             * Replayed At
             * @example 2026-11-23T20:15:00.000000Z
             */
            replayed_at: string;
        };
        /**
         * ReviewIn
         * @description An expert's word on an image.
         */
        ReviewIn: {
            /**
             * Decision
             * @enum {string}
             */
            decision: "accept" | "fix" | "send_back";
            /**
             * Masks
             * @description With `fix`: all labels; one left out is empty.
             */
            masks?: components["schemas"]["LabelMaskIn"][];
            /**
             * Comment
             * @default
             */
            comment: string;
        };
        /**
         * ReviewLine
         * @description An expert's word.
         */
        ReviewLine: {
            /** Version */
            version: number;
            /** Expert Id */
            expert_id: string;
            /** Decision */
            decision: string;
            /** Comment */
            comment: string;
            /** Created At */
            created_at: string;
        };
        /**
         * Rle
         * @description COCO run-length encoding: column-major, zeros first, compressed.
         * @example {
         *       "counts": "52203",
         *       "size": [
         *         4,
         *         4
         *       ]
         *     }
         */
        Rle: {
            /**
             * Size
             * @description [height, width]
             */
            size: number[];
            /** Counts */
            counts: string;
        };
        /**
         * Round
         * @description A round as its player sees it. What the images are is told once all are answered.
         */
        Round: {
            /** Id */
            id: string;
            /** Project Id */
            project_id: string;
            /** Images */
            images: number;
            /**
             * Size
             * @description Side of an image in pixels.
             */
            size: number;
            /**
             * Sheet Url
             * @description All images below one another in one PNG.
             */
            sheet_url: string;
            /**
             * Answers
             * @description In the order of the images; true: synthetic.
             */
            answers: (boolean | null)[];
            /** Finished */
            finished: boolean;
            /** Truth */
            truth: components["schemas"]["RoundTruth"][] | null;
            /** Right */
            right: number | null;
        };
        /** RoundTruth */
        RoundTruth: {
            /** Synthetic */
            synthetic: boolean;
            /** Right */
            right: boolean;
        };
        /**
         * SegmentIn
         * @description A prompt. Give at least one of points, box, scribbles and mask.
         * @example {
         *       "points": [
         *         {
         *           "is_positive": true,
         *           "x": 120.5,
         *           "y": 88
         *         }
         *       ]
         *     }
         */
        SegmentIn: {
            /**
             * Points
             * @default []
             */
            points: components["schemas"]["Point"][];
            /**
             * Box
             * @description [x0, y0, x1, y1]
             */
            box?: [
                number,
                number,
                number,
                number
            ] | null;
            /**
             * Scribbles
             * @default []
             */
            scribbles: components["schemas"]["Stroke"][];
            mask?: components["schemas"]["InferenceRle"] | null;
            /** Label Id */
            label_id?: number | null;
            /** Model */
            model?: string | null;
        };
        /** SegmentOut */
        SegmentOut: {
            rle: components["schemas"]["InferenceRle"];
            /**
             * Score
             * @description The model's own estimate of the IoU.
             */
            score: number;
            /** Model */
            model: string;
            /** Version */
            version: string;
            /**
             * Ms
             * @description Milliseconds of work on the server.
             */
            ms: number;
        };
        /**
         * SegmenterChoice
         * @example {
         *       "version": 0
         *     }
         */
        SegmenterChoice: {
            /**
             * Version
             * @description 0: none is to propose; null: the newest, also those to come.
             */
            version: number | null;
        };
        /** SegmenterVersionOut */
        SegmenterVersionOut: {
            /** Version */
            version: number;
            /**
             * Images
             * @description Consensus images that it was trained on.
             */
            images: number;
            /** Made At */
            made_at: string;
            /**
             * Proposes
             * @description Whether it proposes now.
             */
            proposes: boolean;
            /** Labels */
            labels: components["schemas"]["SkillOut"][];
        };
        /**
         * SegmentersOut
         * @description The project's own segmenter, newest version first.
         */
        SegmentersOut: {
            /**
             * Chosen
             * @description The version that the lab chose; 0: none proposes; null: the newest does.
             */
            chosen: number | null;
            /** Items */
            items: components["schemas"]["SegmenterVersionOut"][];
        };
        /**
         * Share
         * @description A share with its 95 % interval; null where there is no answer.
         */
        Share: {
            /** Value */
            value: number | null;
            /** Low */
            low: number | null;
            /** High */
            high: number | null;
            /** N */
            n: number;
        };
        /** Shares */
        Shares: {
            /** Train */
            train: number;
            /** Val */
            val: number;
            /** Test */
            test: number;
        };
        /**
         * Side
         * @description How far a rater draws outside (positive) or inside of the object's border, px, with a 95 % interval over `n` answers.
         */
        Side: {
            /** Mean */
            mean: number;
            /** Low */
            low: number;
            /** High */
            high: number;
            /** N */
            n: number;
        };
        /**
         * Sides
         * @description Where a rater over- or under-draws.
         */
        Sides: {
            /** @description All around; null below five answers. */
            whole: components["schemas"]["Side"] | null;
            /**
             * Sides
             * @description Eight sides of the object as seen on the image, from the right on against the clock.
             */
            sides: (components["schemas"]["Side"] | null)[];
            /**
             * There
             * @description Answers on images that show the label.
             */
            there: number;
            /**
             * Missed
             * @description Of these, left empty.
             */
            missed: number;
        };
        /**
         * SkillOut
         * @description What consensus images that were held back say of the masks of one label.
         */
        SkillOut: {
            /** Label Id */
            label_id: number;
            /** Images */
            images: number;
            /**
             * Groups
             * @description Patients (or volumes) among them; none was in training and held back at once.
             */
            groups: number;
            /**
             * Dice
             * @description Mean Dice.
             */
            dice: number;
            /**
             * Error
             * @description By how much the expected Dice is off on average, each patient counting once.
             */
            error: number;
            /**
             * Present
             * @description Share of the images that have the label.
             */
            present: number;
        };
        /** SkipIn */
        SkipIn: {
            /** Reason */
            reason?: string | null;
        };
        /** Standing */
        Standing: {
            /**
             * Required
             * @description Images to master; at most as many as there are.
             */
            required: number;
            /**
             * Threshold
             * @description Dice from which an image is mastered.
             */
            threshold: number;
            /** Passed */
            passed: number;
            /** Qualified */
            qualified: boolean;
        };
        /** Stats */
        Stats: {
            /** Submissions */
            submissions: number;
            /** Gold Seen */
            gold_seen: number;
            gold_dice: components["schemas"]["GoldDice"] | null;
            /** Today */
            today: number;
            /** Streak Days */
            streak_days: number;
            /** Badges */
            badges: components["schemas"]["Badge"][];
        };
        /** StoredSubmission */
        StoredSubmission: {
            /** Id */
            id: string;
            /** Task Id */
            task_id: string;
            /** Image Id */
            image_id: string;
            /** Rater Id */
            rater_id: string;
            /** Masks */
            masks: components["schemas"]["LabelMask"][];
            /** Nothing Here */
            nothing_here: boolean;
            /** Created At */
            created_at: string;
            /** Superseded By */
            superseded_by: string | null;
            /** Duration Ms */
            duration_ms: number;
            /** Clicks */
            clicks: number;
            /** Proposal Shown */
            proposal_shown: boolean;
            /** Unsure */
            unsure: boolean;
            /** Comment */
            comment: string;
            /** Is Gold */
            is_gold: boolean;
            /** Gold Dice */
            gold_dice: {
                [key: string]: number;
            } | null;
        };
        /** Stroke */
        Stroke: {
            /**
             * Is Positive
             * @default true
             */
            is_positive: boolean;
            /** Points */
            points: [
                number,
                number
            ][];
        };
        /** SubmissionOut */
        SubmissionOut: {
            /** Submission Id */
            submission_id: string;
            /** Task Id */
            task_id: string;
            /** @description On gold, where the project gives feedback. */
            feedback: components["schemas"]["Feedback"] | null;
            /**
             * Next Available
             * @description The project had free places when this was stored; `next` says whether for this rater.
             */
            next_available: boolean;
        };
        /** SubmissionPage */
        SubmissionPage: {
            /** Items */
            items: components["schemas"]["StoredSubmission"][];
            /**
             * Next
             * @description Pass as `cursor` for the next page; null on the last.
             */
            next: string | null;
        };
        /** Synthetic */
        Synthetic: {
            /** Id */
            id: string;
            /** Project Id */
            project_id: string;
            /** Generator Id */
            generator_id: string;
            /** Job Id */
            job_id: string;
            /** Height */
            height: number;
            /** Width */
            width: number;
            /** Kind */
            kind: string;
            /** Parents */
            parents: string[];
            /** Seed */
            seed: number;
            /** Accepted */
            accepted: boolean;
            /** Reason */
            reason: string;
            /** Dice */
            dice: number;
            /** Image Url */
            image_url: string;
            /** Mask Url */
            mask_url: string;
            /** Created At */
            created_at: string;
        };
        /** Task */
        Task: {
            /** Id */
            id: string;
            /** Image Id */
            image_id: string;
            /**
             * Status
             * @enum {string}
             */
            status: "open" | "retired";
            /** Is Gold */
            is_gold: boolean;
            /** Submissions */
            submissions: number;
            /** Leases */
            leases: number;
            /** Quorum */
            quorum: number;
            /** Created At */
            created_at: string;
        };
        /** TaskPage */
        TaskPage: {
            /** Items */
            items: components["schemas"]["Task"][];
            /**
             * Next
             * @description Pass as `cursor` for the next page; null on the last.
             */
            next: string | null;
        };
        /**
         * UploadAnswer
         * @description A refused file doesn't hold up the others.
         */
        UploadAnswer: {
            /**
             * Accepted
             * @example 499
             */
            accepted: number;
            /**
             * Duplicate
             * @example 0
             */
            duplicate: number;
            /**
             * Rejected
             * @example 1
             */
            rejected: number;
            /** Results */
            results: components["schemas"]["UploadResult"][];
        };
        /**
         * UploadResult
         * @description What became of one file.
         */
        UploadResult: {
            /**
             * Name
             * @example slice-017.png
             */
            name: string;
            /**
             * Status
             * @enum {string}
             */
            status: "stored" | "duplicate" | "rejected";
            /**
             * Code
             * @description Why it was refused; listed in docs/images.md.
             * @example truncated
             */
            code?: string | null;
            /**
             * Reason
             * @example The PNG is cut off before its end: upload it again.
             */
            reason?: string | null;
            /** Source Id */
            source_id?: string | null;
            /**
             * Image Ids
             * @description One for each frame, in order.
             */
            image_ids?: string[];
            /** Warnings */
            warnings?: string[];
        };
        /**
         * Urls
         * @description Where the bytes are.
         */
        Urls: {
            /**
             * Frame
             * @example /api/v1/images/01938c7e-6f1e-7a10-8a42-6d1f0c2b9e55/frame
             */
            frame: string;
            /** Thumbnail */
            thumbnail: string;
            /**
             * Original
             * @description Only for the lab.
             */
            original?: string | null;
        };
        /** User */
        User: {
            /**
             * Id
             * @example 019a9e2c-7b1e-7c3a-9d2f-0c5a1b2c3d4e
             */
            id: string;
            /**
             * Role
             * @enum {string}
             */
            role: "volunteer" | "expert" | "lab" | "operator";
            /** Display Name */
            display_name: string;
            /** Email */
            email: string | null;
            /** Is Guest */
            is_guest: boolean;
            /** Disabled */
            disabled: boolean;
            /**
             * Created At
             * @example 2026-11-23T20:15:00.000000Z
             */
            created_at: string;
        };
        /**
         * UserPatch
         * @description What is left out stays.
         * @example {
         *       "role": "lab"
         *     }
         */
        UserPatch: {
            /** Role */
            role?: ("volunteer" | "expert" | "lab" | "operator") | null;
            /** Disabled */
            disabled?: boolean | null;
        };
        /** Users */
        Users: {
            /** Items */
            items: components["schemas"]["User"][];
            /** Next */
            next: string | null;
        };
        /**
         * VersionLine
         * @description A version in an image's history.
         */
        VersionLine: {
            /** Version */
            version: number;
            /** Method */
            method: string;
            /** Submissions */
            submissions: number;
            /** By Expert */
            by_expert: string | null;
            /**
             * Rebuildable
             * @description What the raters were believed to be then is kept.
             */
            rebuildable: boolean;
            /** Created At */
            created_at: string;
        };
        /** Webhook */
        Webhook: {
            /**
             * Id
             * @example 019a9e2c-7b1e-7c3a-9d2f-0c5a1b2c3d4e
             */
            id: string;
            /**
             * Project Id
             * @example 019a9e2c-7b1e-7c3a-9d2f-0c5a1b2c3d4e
             */
            project_id: string;
            /** Url */
            url: string;
            /** Types */
            types: string[];
            /**
             * Created At
             * @example 2026-11-23T20:15:00.000000Z
             */
            created_at: string;
            /** Pending */
            pending: number;
            /**
             * Failed
             * @description Deliveries that were given up.
             */
            failed: number;
        };
        /**
         * WebhookIn
         * @description Events of a project as signed POSTs to `url`.
         * @example {
         *       "project_id": "019a9e2c-7b1e-7c3a-9d2f-0c5a1b2c3d4e",
         *       "types": [
         *         "DatasetPublished"
         *       ],
         *       "url": "https://lab.example.org/bramble"
         *     }
         */
        WebhookIn: {
            /** Project Id */
            project_id: string;
            /** Url */
            url: string;
            /**
             * Types
             * @description Event names; default: all.
             */
            types?: string[] | null;
        };
        /** Webhooks */
        Webhooks: {
            /** Items */
            items: components["schemas"]["Webhook"][];
            /** Next */
            next?: null;
        };
        /** Work */
        Work: {
            /** Submission Id */
            submission_id: string;
            /** Project Id */
            project_id: string;
            image: components["schemas"]["ImageRef"];
            /** Created At */
            created_at: string;
            /** Nothing Here */
            nothing_here: boolean;
            /**
             * Finished
             * @description The image has all its answers, so its consensus may be looked at.
             */
            finished: boolean;
        };
        /** WorkDetail */
        WorkDetail: {
            /** Submission Id */
            submission_id: string;
            /** Project Id */
            project_id: string;
            image: components["schemas"]["ImageRef"];
            /** Created At */
            created_at: string;
            /** Nothing Here */
            nothing_here: boolean;
            /**
             * Finished
             * @description The image has all its answers, so its consensus may be looked at.
             */
            finished: boolean;
            /**
             * Masks
             * @description What you drew.
             */
            masks: components["schemas"]["LabelMask"][];
            /**
             * Consensus
             * @description What came of it; null while answers are missing. Once it was shown, your answer stands.
             */
            consensus: components["schemas"]["WorkLabel"][] | null;
        };
        /** WorkLabel */
        WorkLabel: {
            /** Label Id */
            label_id: number;
            /** @description The consensus. */
            rle: components["schemas"]["Rle"];
            /** Agreement */
            agreement: number | null;
            /**
             * Dice
             * @description Of your answer with the consensus.
             */
            dice: number;
        };
        /** WorkPage */
        WorkPage: {
            /** Items */
            items: components["schemas"]["Work"][];
            /**
             * Next
             * @description Pass as `cursor` for the next page; null on the last.
             */
            next: string | null;
        };
    };
    responses: {
        /** @description The request can't be read. */
        Problem400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Nobody is logged in, or the key is unknown or revoked. */
        Problem401: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Not allowed: role, scope, CSRF token or consent. */
        Problem403: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description No such thing, or none that you may know of. */
        Problem404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The address doesn't take this method. */
        Problem405: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The state has moved on. */
        Problem409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description It was here, and isn't any more. */
        Problem410: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Over a size limit; the sentence names it. */
        Problem413: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description A media type that isn't read here. */
        Problem415: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The input breaks a rule; the sentence says which. */
        Problem422: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Over a rate limit; `Retry-After` says for how many seconds. */
        Problem429: {
            headers: {
                /** @description Seconds. */
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description A service broke off. */
        Problem502: {
            headers: {
                /** @description Seconds. */
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description A part doesn't answer just now; `Retry-After` says when to try again. */
        Problem503: {
            headers: {
                /** @description Seconds. */
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description No room is left in the database or the blob store. */
        Problem507: {
            headers: {
                /** @description Seconds. */
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    listDeadLetters: {
        parameters: {
            query?: {
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetters"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
        };
    };
    readDeadLetter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                letter_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetter"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
        };
    };
    replayDeadLetter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                letter_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Replayed"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    listUsers: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Users"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
        };
    };
    eraseUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Erased"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    changeUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                user_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserPatch"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    listAudit: {
        parameters: {
            query?: {
                project_id?: string | null;
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditPage"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
        };
    };
    giveConsent: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConsentIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    startAsGuest: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GuestIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    logIn: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LoginIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    logOut: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    readMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
        };
    };
    eraseMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EraseIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Erased"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    changeMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MePatch"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    changePassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    register: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RegisterIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    readConsent: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Consent"];
                };
            };
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
        };
    };
    getDataset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dataset_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Dataset"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    download: {
        parameters: {
            query?: never;
            header?: {
                range?: string | null;
                "if-range"?: string | null;
                "if-none-match"?: string | null;
            };
            path: {
                dataset_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    verifyDataset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                dataset_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    streamEvents: {
        parameters: {
            query?: {
                project_id?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A stream that stays open. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example event: progress
                     *     data: {"type": "AnnotationSubmitted", "project_id": "…", "image_id": "…"}
                     */
                    "text/event-stream": string;
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
        };
    };
    getImage: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                image_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Image"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    deleteImage: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                image_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    getConsensus: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                image_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImageConsensus"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    getHistory: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                image_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["History"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    review: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                image_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "decision": "accept"
                 *     }
                 */
                "application/json": components["schemas"]["ReviewIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImageConsensus"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    getVersion: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                image_id: string;
                version: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OldVersion"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    getProbability: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                image_id: string;
                label_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description 16-bit grey PNG, 65535 = 1. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/png": unknown;
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    embedding: {
        parameters: {
            query?: {
                /** @description Name of a model of `GET /models`; empty: the default. */
                model?: string;
                /** @description Version of that model; empty: the asker's. */
                version?: string;
            };
            header?: never;
            path: {
                image_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-npz": unknown;
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    getFrame: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                image_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description 8-bit PNG, grey or RGB */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/png": unknown;
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    getNeighbours: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                image_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Neighbours"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    getOriginal: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                image_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The kept file, of the type that it is */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": string;
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    proposals: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                image_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProposalsOut"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    segment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                image_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SegmentIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SegmentOut"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    getThumbnail: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                image_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description WebP, at most 256 pixels a side */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/webp": unknown;
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    getJob: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    cancelJob: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    jobPreview: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Samples below their masks. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/png": unknown;
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    jobReport: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One self-contained page. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": unknown;
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    listKeys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Keys"];
                };
            };
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
        };
    };
    createKey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["KeyIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewKeyOut"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    revokeKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                key_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    giveBack: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                lease_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    getDraft: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                lease_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Draft"];
                };
            };
            /** @description Nothing is drawn yet. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    putDraft: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                lease_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "masks": [
                 *         {
                 *           "label_id": 1,
                 *           "rle": {
                 *             "size": [
                 *               4,
                 *               4
                 *             ],
                 *             "counts": "01400000"
                 *           }
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": {
                    /** Masks */
                    masks: {
                        /** Label Id */
                        label_id: number;
                        /**
                         * Rle
                         * @description COCO run-length encoding: column-major, zeros first, compressed.
                         * @example {
                         *       "counts": "52203",
                         *       "size": [
                         *         4,
                         *         4
                         *       ]
                         *     }
                         */
                        rle: {
                            /**
                             * Size
                             * @description [height, width]
                             */
                            size: number[];
                            /** Counts */
                            counts: string;
                        };
                    }[];
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Draft"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    renew: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                lease_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LeaseInfo"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    skip: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                lease_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "reason": "too blurred to judge"
                 *     }
                 */
                "application/json": components["schemas"]["SkipIn"] | null;
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    submit: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                lease_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "client_key": "019a9e2c-7b1e-7c3a-9d2f-0c5a1b2c3d4e",
                 *       "masks": [],
                 *       "nothing_here": true
                 *     }
                 */
                "application/json": {
                    /**
                     * Client Key
                     * @description Made once per answer by the client; a repeated request is answered alike.
                     */
                    client_key: string;
                    /**
                     * Masks
                     * @description A label left out is empty.
                     */
                    masks: {
                        /** Label Id */
                        label_id: number;
                        /**
                         * Rle
                         * @description COCO run-length encoding: column-major, zeros first, compressed.
                         * @example {
                         *       "counts": "52203",
                         *       "size": [
                         *         4,
                         *         4
                         *       ]
                         *     }
                         */
                        rle: {
                            /**
                             * Size
                             * @description [height, width]
                             */
                            size: number[];
                            /** Counts */
                            counts: string;
                        };
                    }[];
                    /**
                     * Nothing Here
                     * @default false
                     */
                    nothing_here?: boolean;
                    /**
                     * Duration Ms
                     * @default 0
                     */
                    duration_ms?: number;
                    /**
                     * Clicks
                     * @default 0
                     */
                    clicks?: number;
                    /**
                     * Proposal Shown
                     * @default false
                     */
                    proposal_shown?: boolean;
                    /**
                     * Comment
                     * @default
                     */
                    comment?: string;
                    /**
                     * Unsure
                     * @default false
                     */
                    unsure?: boolean;
                };
            };
        };
        responses: {
            /** @description The client_key was seen; the same answer as then. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SubmissionOut"];
                };
            };
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SubmissionOut"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    myNotes: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotePage"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    myStats: {
        parameters: {
            query?: {
                project_id?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Stats"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    myWork: {
        parameters: {
            query?: {
                project_id?: string | null;
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkPage"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    oneOfMine: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                submission_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkDetail"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    listModels: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelsOut"];
                };
            };
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    weights: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
                version: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": unknown;
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    listProjects: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectPage"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    createProject: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "White matter",
                 *       "summary": "Axial slices of a T1 MRI",
                 *       "instructions": "Mark **all** white matter.",
                 *       "labels": [
                 *         {
                 *           "name": "white matter",
                 *           "color": "#e4572e"
                 *         }
                 *       ],
                 *       "quorum": 5,
                 *       "gold_share": 0.1
                 *     }
                 */
                "application/json": components["schemas"]["ProjectIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    getProject: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    archiveProject: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    patchProject: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "status": "paused"
                 *     }
                 */
                "application/json": components["schemas"]["ProjectPatch"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    getAdvice: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdviceList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    seen: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
                advice_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    appeal: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Quarantine"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    listConsensus: {
        parameters: {
            query?: {
                /** @description Items a page. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
                status?: string | null;
            };
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConsensusPage"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    getBudget: {
        parameters: {
            query?: {
                /** @description The Dice to be expected. */
                dice?: number;
                /** @description Of the images. */
                share?: number;
                /** @description How many images there are; left out: those with labels. */
                images?: number | null;
            };
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Budget"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    downloadInstances: {
        parameters: {
            query?: {
                /** @description Of one label only; left out: of all. */
                label_id?: number | null;
            };
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A streamed COCO file */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    downloadMasks: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A streamed ZIP */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/zip": string;
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    recompute: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "method": "staple"
                 *     }
                 */
                "application/json": components["schemas"]["RecomputeIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Recomputed"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    listDatasets: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string | null;
            };
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Dataset_"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    createDataset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DatasetRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    getGame: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Game"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    putGame: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GameIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GameResult"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    gameResults: {
        parameters: {
            query?: {
                generator_id?: string;
            };
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GameResult"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    listGenerators: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string | null;
            };
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Generator_"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    listGold: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
            };
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GoldPage"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    getGold: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
                image_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Gold"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    putGold: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
                image_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "masks": [],
                 *       "nothing_here": true
                 *     }
                 */
                "application/json": {
                    /** Masks */
                    masks: {
                        /** Label Id */
                        label_id: number;
                        /**
                         * Rle
                         * @description COCO run-length encoding: column-major, zeros first, compressed.
                         * @example {
                         *       "counts": "52203",
                         *       "size": [
                         *         4,
                         *         4
                         *       ]
                         *     }
                         */
                        rle: {
                            /**
                             * Size
                             * @description [height, width]
                             */
                            size: number[];
                            /** Counts */
                            counts: string;
                        };
                    }[];
                    /**
                     * Nothing Here
                     * @default false
                     */
                    nothing_here?: boolean;
                    /**
                     * Practice
                     * @description For practice: shown to learners, never handed out as work. Left out: as it was.
                     */
                    practice?: boolean | null;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Gold"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    deleteGold: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
                image_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    addPicture: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "image/png": string;
                "image/jpeg": string;
                "image/webp": string;
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Picture"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    getPicture: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
                picture: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The picture. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/png": unknown;
                    "image/jpeg": unknown;
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    listImages: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description Patient or volume that all files belong to; goes before what DICOM says. */
                group?: string | null;
            };
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImagePage"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    uploadImages: {
        parameters: {
            query?: {
                /** @description Patient or volume that all files belong to; goes before what DICOM says. */
                group?: string | null;
            };
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "files": [
                 *         "slice-041.png",
                 *         "slice-042.png",
                 *         "scans.zip"
                 *       ]
                 *     }
                 */
                "multipart/form-data": {
                    /** @description PNG, JPEG, TIFF, DICOM or NIfTI files, or ZIP files of these. */
                    files: string[];
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UploadAnswer"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    listRejections: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
            };
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RejectionPage"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    listJobs: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string | null;
            };
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_JobRow_"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    createJob: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["JobRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    readLeaderboard: {
        parameters: {
            query?: {
                limit?: number;
            };
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Leaderboard"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
        };
    };
    listMembers: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Members"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
        };
    };
    putMember: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MemberIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Member"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    removeMember: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    nextTask: {
        parameters: {
            query?: {
                /** @description Tasks to hold beside the one at work. */
                ahead?: number;
            };
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Next"];
                };
            };
            /** @description Nothing (more) for you. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    listNotes: {
        parameters: {
            query?: {
                status?: string | null;
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
            };
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotePage"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    addNote: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NoteIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Note"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    answerNote: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
                note_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NotePatch"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Note"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    getPractice: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Practice"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    practise: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
                image_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Masks */
                    masks: {
                        /** Label Id */
                        label_id: number;
                        /**
                         * Rle
                         * @description COCO run-length encoding: column-major, zeros first, compressed.
                         * @example {
                         *       "counts": "52203",
                         *       "size": [
                         *         4,
                         *         4
                         *       ]
                         *     }
                         */
                        rle: {
                            /**
                             * Size
                             * @description [height, width]
                             */
                            size: number[];
                            /** Counts */
                            counts: string;
                        };
                    }[];
                    /**
                     * Nothing Here
                     * @default false
                     */
                    nothing_here?: boolean;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PracticeResult"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    getQuarantine: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Quarantine"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    getRanking: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ranking"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    listRaters: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RaterList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    startRound: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Round"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    segmenters: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SegmentersOut"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    chooseSegmenter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SegmenterChoice"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SegmentersOut"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    listSubmissions: {
        parameters: {
            query?: {
                image_id?: string | null;
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
            };
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SubmissionPage"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    listSynthetic: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string | null;
                accepted?: boolean | null;
                job_id?: string | null;
            };
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Synthetic_"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    listTasks: {
        parameters: {
            query?: {
                status?: string | null;
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
            };
            header?: never;
            path: {
                project_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskPage"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    getRound: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                round_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Round"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    putAnswer: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                position: number;
                round_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AnswerIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Round"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    roundSheet: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                round_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/png": unknown;
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    syntheticImage: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                synthetic_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    syntheticMask: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                synthetic_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            410: components["responses"]["Problem410"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
        };
    };
    listWebhooks: {
        parameters: {
            query?: {
                project_id?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhooks"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
        };
    };
    createWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewWebhook"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
    deleteWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            410: components["responses"]["Problem410"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
            507: components["responses"]["Problem507"];
        };
    };
}
